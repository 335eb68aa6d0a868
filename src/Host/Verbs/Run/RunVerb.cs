using System.Diagnostics;
using System.Runtime.InteropServices;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Verbs.Run;

/// <summary>The whole appliance on one machine, for a trial and for development: database, migration, host and sensor, stopped together.</summary>
internal sealed class RunVerb : IVerb
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public string Name => "run";

    public string Summary => "everything at once, for a trial: database, migration, host, sensor (Ctrl-C stops all)";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        // A closed terminal stops everything too.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        var gate = new Lock();
        void Say(string text)
        {
            lock (gate)
                io.Out.WriteLine(text);
        }

        var options = RunOptions.Read(input.Arguments, Environment.GetEnvironmentVariable("CIRT_DATABASE"));
        var place = await RunPlace.PrepareAsync(options.Data, Say, stop.Token);
        using var only = RunLock.Take(place.Data, $"https://{options.Listen}:{options.HttpsPort}/");
        options.DemandPorts();
        if (options.IsOpen)
            Say($"Warning: the console will answer on {options.Listen}, beyond this machine. This profile is for a trial: do not put it on a network that you do not trust.");

        var cluster = options.Database is null ? PrivateCluster.At(Path.Combine(place.Data, "database")) : null;
        try
        {
            var owner = cluster is null ? await CheckAsync(options.Database!, stop.Token) : await StartDatabaseAsync(cluster, Say, stop.Token);
            var supervisor = new RunSupervisor(options, place, Say);
            await supervisor.MigrateAsync(owner, stop.Token);
            if (options.Demo)
                await supervisor.PrepareDemoAsync(await CentreDatabaseAsync(owner, stop.Token), stop.Token);
            return await supervisor.RunAsync(owner, _watch, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
        finally
        {
            if (cluster is not null)
            {
                Say("Stopping the database");
                await cluster.StopAsync(CancellationToken.None);
            }

            Say("Stopped. The data stays; the same command finds it again.");
        }
    }

    private static async Task<string> StartDatabaseAsync(PrivateCluster cluster, Action<string> say, CancellationToken cancel)
    {
        say(cluster.State().Created ? $"Starting the database in {cluster.Folder}" : $"Creating the database in {cluster.Folder}");
        await EnsureAsync(await cluster.StartAsync(cancel), "cirt", cancel);
        return cluster.Connection("cirt");
    }

    /// <summary>The sample centre has a database of its own beside ours, on whichever server that is.</summary>
    private static async Task<string> CentreDatabaseAsync(string owner, CancellationToken cancel)
    {
        var centre = new NpgsqlConnectionStringBuilder(owner);
        centre.Database += "_centre";
        await EnsureAsync(owner, centre.Database!, cancel);
        return centre.ConnectionString;
    }

    private static async Task EnsureAsync(string server, string database, CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancel);
        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = database } } };
        if (await exists.ExecuteScalarAsync(cancel) is not null)
            return;
        await using var create = new NpgsqlCommand($"create database \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
        await create.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<string> CheckAsync(string database, CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(cancel);
            return connection.PostgreSqlVersion.Major >= PostgresPrograms.Oldest
                ? database
                : throw new OperatorFault(
                    "The database server is too old.",
                    $"It is PostgreSQL {connection.PostgreSqlVersion}; {PostgresPrograms.Oldest} or later is needed.",
                    "Name another server in CIRT_DATABASE, or unset it to get a private one.");
        }
        catch (ArgumentException fault)
        {
            throw new OperatorFault(
                "CIRT_DATABASE is not a connection string.",
                fault.Message,
                "Write it as 'Host=…;Database=…;Username=…;Password=…', or unset it to get a private server.",
                fault);
        }
        catch (NpgsqlException fault)
        {
            var named = new NpgsqlConnectionStringBuilder(database);
            throw new OperatorFault(
                "The database server named in CIRT_DATABASE does not let us in.",
                $"Host {named.Host}, port {named.Port}, database {named.Database}, user {named.Username}: {fault.InnerException?.Message ?? (fault as PostgresException)?.MessageText ?? fault.Message}",
                "Correct CIRT_DATABASE, or unset it to get a private server.",
                fault);
        }
    }
}
