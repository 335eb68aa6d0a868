using Appliance.Kernel.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Alarms;

/// <summary>Asks the database every two seconds whether it answers: raises the alarm when it does not, ends it when it does, and says both once.</summary>
internal sealed class DatabaseWatch(Database database, AlarmBoard alarms, TimeProvider time, ILogger<DatabaseWatch> log) : BackgroundService
{
    public const string Alarm = "kernel.alarm.database";

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(4);

    private long? _awayFrom;

    /// <summary>Looks once. Public for tests that step.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        if (await WhyNotAsync(cancel) is { } reason)
        {
            if (_awayFrom is null)
                KernelLog.DatabaseAway(log, reason);
            _awayFrom ??= time.GetTimestamp();
            alarms.Raise(Alarm);
            return;
        }

        if (_awayFrom is { } from)
        {
            _awayFrom = null;
            KernelLog.DatabaseBack(log, (int)time.GetElapsedTime(from).TotalSeconds);
        }

        alarms.End(Alarm);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Null when it answers; else why not, as its driver says.</summary>
    private async Task<string?> WhyNotAsync(CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            await database.FindAsync<int>("select 1", null, both.Token);
            return null;
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return fault is OperationCanceledException ? $"no answer within {s_patience.TotalSeconds} s" : fault.Message;
        }
    }
}
