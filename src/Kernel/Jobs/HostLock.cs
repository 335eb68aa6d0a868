using System.Data;
using Appliance.Kernel.Data;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Jobs;

/// <summary>One host per database: a session advisory lock on a connection of its own, held as long as the host serves.</summary>
internal sealed class HostLock(Database database, TimeProvider time, ILogger<HostLock> log) : IAsyncDisposable
{
    private const string Take = "select pg_try_advisory_lock(hashtext('cirt.host'))";

    private const string Sign =
        """
        insert into jobs.host (machine, process_id, started_at) values (@Machine, @Process, @Now)
        on conflict (one) do update set machine = excluded.machine, process_id = excluded.process_id, started_at = excluded.started_at
        """;

    private const string Holder = "select machine, process_id, started_at from jobs.host";

    private NpgsqlConnection? _connection;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="OperatorFault">Another host serves this database; it is named.</exception>
    public async Task TakeAsync(CancellationToken cancel)
    {
        if (!await TryTakeAsync(cancel))
            throw await NameHolderAsync(cancel);
    }

    /// <summary>True while the lock's connection answers; false when it broke and the lock with it.</summary>
    public async Task<bool> IsHeldAsync(CancellationToken cancel)
    {
        if (_connection is not { State: ConnectionState.Open } connection)
            return false;
        try
        {
            await connection.ExecuteAsync(new CommandDefinition("select 1", commandTimeout: 10, cancellationToken: cancel));
            return true;
        }
        catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException)
        {
            KernelLog.HostLockBroken(log, fault.Message);
            return false;
        }
    }

    /// <summary>Tries once, on a new connection; false when another session holds it.</summary>
    public async Task<bool> TryTakeAsync(CancellationToken cancel)
    {
        await ReleaseAsync();
        var connection = await database.OpenAsync(cancel);
        try
        {
            if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Take, cancellationToken: cancel)))
                return false;
            await connection.ExecuteAsync(new CommandDefinition(
                Sign,
                new { Machine = Environment.MachineName, Process = Environment.ProcessId, Now = time.GetUtcNow() },
                cancellationToken: cancel));
            (_connection, connection) = (connection, null!);
            return true;
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    /// <summary>Lets another host start.</summary>
    public async Task ReleaseAsync()
    {
        if (_connection is not { } connection)
            return;
        _connection = null;
        try
        {
            if (connection.State == ConnectionState.Open)
                await connection.ExecuteAsync("select pg_advisory_unlock(hashtext('cirt.host'))");
        }
        catch (NpgsqlException fault)
        {
            // The session is gone, and the lock went with it.
            KernelLog.HostLockBroken(log, fault.Message);
        }
        await connection.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await ReleaseAsync();

    private async Task<OperatorFault> NameHolderAsync(CancellationToken cancel)
    {
        var holder = await database.FindAsync<HolderRow>(Holder, null, cancel);
        var who = holder is null
            ? "It has not signed yet; it is just starting."
            : $"It is process {holder.ProcessId} on {holder.Machine}, started {holder.StartedAt:yyyy-MM-dd HH:mm:ss} UTC.";
        var how = holder is not null && holder.Machine == Environment.MachineName ? $"Stop it first: kill {holder.ProcessId}" : "Stop it first, or give this host a database of its own.";
        return new OperatorFault("Another host already serves this database.", who, how);
    }

    private sealed class HolderRow
    {
        public string Machine { get; set; } = "";

        public int ProcessId { get; set; }

        public DateTimeOffset StartedAt { get; set; }
    }
}

/// <summary>Looks after the lock: takes it again after the database was away, and stops the host where another one was quicker.</summary>
internal sealed class HostLockWatch(HostLock hostLock, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<HostLock> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested || await hostLock.IsHeldAsync(stoppingToken))
                continue;
            try
            {
                if (await hostLock.TryTakeAsync(stoppingToken))
                    continue;
                KernelLog.HostLockLost(log);
                lifetime.StopApplication();
                return;
            }
            catch (NpgsqlException fault)
            {
                KernelLog.HostLockBroken(log, fault.Message);
            }
        }
    }
}
