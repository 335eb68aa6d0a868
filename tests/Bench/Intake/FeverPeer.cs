using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Tests;
using Npgsql;

namespace Appliance.Bench;

/// <summary>
/// The same backlog through fever, which writes raw records into an unlogged table without any index: the other program that puts EVE into PostgreSQL. It speaks TCP
/// only, so a relay of this process stands before the server's socket.
/// </summary>
internal static class FeverPeer
{
    private const int Chunk = 50_000;

    /// <summary>Records a second, and the rows they are counted from.</summary>
    public static async Task<(double PerSecond, long Rows)> RunAsync(string fever, string owner, string spool, long records)
    {
        var server = new NpgsqlConnectionStringBuilder(owner);
        await using (var database = NpgsqlDataSource.Create(owner))
        {
            foreach (var sql in new[] { "create role fever superuser login password 'fever'", "create database fever owner fever" })
            {
                await using var command = database.CreateCommand(sql);
                await command.ExecuteNonQueryAsync();
            }
        }
        await using var own = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { Database = "fever" }.ConnectionString);
        await using (var command = own.CreateCommand("create extension pg_trgm"))
            await command.ExecuteNonQueryAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var end = new CancellationTokenSource();
        var relay = RelayAsync(listener, Path.Combine(server.Host!, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{server.Port}")), end.Token);
        var folder = Directory.CreateTempSubdirectory("cirt-fever-").FullName;
        var socket = Path.Combine(folder, "in.sock");
        string[] words =
        [
            "run", "--db-enable", "-s", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "-d", "fever", "-u", "fever", "-p", "fever", "-i", socket, "-o", "", "--mgmt-socket", Path.Combine(folder, "m.sock"),
            "-c", Chunk.ToString(CultureInfo.InvariantCulture), "--dummy", "--in-buffer-drop=false",
        ];
        await using var process = CirtProcess.StartProgram(fever, words);
        for (var tries = 0; !File.Exists(socket); tries++)
        {
            if (tries > 100)
                throw new InvalidOperationException($"fever made no socket:\n{process.Output}");
            await Task.Delay(100);
        }
        var since = Stopwatch.GetTimestamp();
        var sending = SendAsync(socket, spool);
        // It writes whole chunks; the last one waits for its clock, and is not held against it.
        var wanted = Math.Max(1, records - Chunk);
        long rows;
        while ((rows = await RowsAsync(own)) < wanted && Stopwatch.GetElapsedTime(since) < TimeSpan.FromMinutes(5))
            await Task.Delay(100);
        var taken = Stopwatch.GetElapsedTime(since);
        await sending;
        await process.KillAsync();
        await end.CancelAsync();
        listener.Stop();
        await relay;
        Directory.Delete(folder, recursive: true);
        return (rows / taken.TotalSeconds, rows);
    }

    private static async Task SendAsync(string path, string spool)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await using var stream = new NetworkStream(socket);
        foreach (var file in Directory.EnumerateFiles(spool, "*.json").Order(StringComparer.Ordinal))
        {
            await using var content = File.OpenRead(file);
            await content.CopyToAsync(stream);
        }
    }

    private static async Task<long> RowsAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select coalesce(sum(n_tup_ins), 0)::bigint from pg_stat_user_tables where relname like 'event%'");
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task RelayAsync(TcpListener listener, string socket, CancellationToken cancel)
    {
        var running = new List<Task>();
        try
        {
            while (true)
                running.Add(OneAsync(await listener.AcceptTcpClientAsync(cancel), socket, cancel));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(running);
        }
    }

    private static async Task OneAsync(TcpClient client, string path, CancellationToken cancel)
    {
        using var near = client;
        using var far = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await far.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            await using var server = new NetworkStream(far);
            await Task.WhenAny(near.GetStream().CopyToAsync(server, cancel), server.CopyToAsync(near.GetStream(), cancel));
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException)
        {
            // The peer's process has ended; so has this connection.
            return;
        }
    }
}
