using System.Diagnostics;
using System.Globalization;
using Appliance.Kernel.Data;
using Npgsql;

namespace Appliance.Tests;

/// <summary>A PostgreSQL server for one test, which the test stops, starts and cuts as it likes.</summary>
public sealed class OwnServer : IAsyncDisposable
{
    private readonly PrivateCluster _cluster;

    private OwnServer(PrivateCluster cluster, string address) => (_cluster, Address) = (cluster, address);

    /// <summary>Connection string of the superuser.</summary>
    public string Address { get; }

    /// <summary>Creates and starts it.</summary>
    /// <param name="folder">Where, for example on a small disk; null for a folder of its own. It is deleted at the end.</param>
    public static async Task<OwnServer> StartAsync(string? folder = null)
    {
        // Not a private temporary folder: called as root, the server runs as another user who must be able to enter it.
        folder ??= Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"cirt-own-{Guid.NewGuid():N}")).FullName;
        var cluster = PrivateCluster.At(folder);
        var address = await cluster.StartAsync();
        // The tests end processes and never the machine: waiting for a busy disk proves nothing here and takes a minute a start.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        foreach (var statement in new[] { "alter system set fsync = off", "select pg_reload_conf()" })
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }

        return new(cluster, address);
    }

    /// <summary>Stops it; whoever is connected is cut.</summary>
    public async Task StopAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _cluster.StopAsync();
    }

    /// <summary>Starts it again with its data.</summary>
    public Task StartAgainAsync() => _cluster.StartAsync();

    /// <summary>Ends every connection but its own, as an administrator or a failing network would; answers how many.</summary>
    public async Task<int> CutAsync()
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var cut = new NpgsqlCommand("select count(pg_terminate_backend(pid, 10000))::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()", connection);
        return (int)(await cut.ExecuteScalarAsync())!;
    }

    /// <summary>Kills one session's process as the kernel does when memory is short: the server throws all others out and recovers from its log.</summary>
    public async Task KillBackendAsync()
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var busiest = new NpgsqlCommand("select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() order by state <> 'active', state_change desc limit 1", connection);
        Process.GetProcessById((int)(await busiest.ExecuteScalarAsync())!).Kill();
    }

    /// <summary>Ends the server without a checkpoint, as a power cut would: what it knows afterwards it reads from its log.</summary>
    public async Task StopAtOnceAsync()
    {
        NpgsqlConnection.ClearAllPools();
        var server = Process.GetProcessById(_cluster.State().Process ?? throw new InvalidOperationException("the server does not run"));
        using (var signal = Process.Start("kill", ["-QUIT", server.Id.ToString(CultureInfo.InvariantCulture)]))
            await signal.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (_cluster.State().Process is not null)
            await Task.Delay(20, limit.Token);
    }

    /// <summary>Stops and deletes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_cluster.Folder, recursive: true);
    }
}
