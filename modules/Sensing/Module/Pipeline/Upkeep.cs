using Appliance.Kernel.Data;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Sensing.Pipeline;

/// <summary>What has to happen without anybody asking: jobs and generations put before the sensors, unfinished uploads thrown away, snoozed groups brought back, old hours dropped, sources fetched.</summary>
internal sealed class Upkeep(UpkeepParts parts, SensingBell bell, TimeProvider time, ILogger<Upkeep> log) : BackgroundService
{
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    private const string Awake =
        "update sensing.alert_groups set state = 'open', snoozed_until = null where state = 'snoozed' and snoozed_until <= @now";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var fetching = FetchAsync(stoppingToken);
        for (var round = 0; !stoppingToken.IsCancellationRequested; round++)
        {
            var pause = s_step;
            try
            {
                if (round == 0)
                    await parts.Fetcher.TakeBundledAsync(stoppingToken);
                await parts.Jobs.LookAsync(stoppingToken);
                await parts.Orders.LookAsync(stoppingToken);
                if (round % 5 == 0)
                    await parts.Silence.LookAsync(stoppingToken);
                if (round % 10 == 0)
                    await parts.Expiry.RunAsync(stoppingToken);
                await parts.Generations.PublishAsync(stoppingToken);
                if (round % 10 == 0 && await parts.Database.ExecuteAsync(Awake, new { now = time.GetUtcNow() }, stoppingToken) > 0)
                    bell.Ring();
                if (round % 60 == 0)
                    await TrimAsync(stoppingToken);
                if (round % 600 == 0)
                    await parts.Uploads.SweepAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or UnauthorizedAccessException or TimeoutException)
            {
                Log.UpkeepInterrupted(log, fault.Message);
                pause = s_pause;
                round = round == 0 ? -1 : round;
            }
            try
            {
                await Task.Delay(pause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }
        await fetching;
    }

    /// <summary>Fetching takes minutes on a slow link; nothing else waits for it.</summary>
    private async Task FetchAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (!await parts.Fetcher.FetchAsync(cancel))
                    await Task.Delay(s_pause / 5, time, cancel);
            }
            catch (NpgsqlException fault)
            {
                Log.UpkeepInterrupted(log, fault.Message);
                await Task.Delay(s_pause, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task TrimAsync(CancellationToken cancel)
    {
        await parts.Hours.EnsureAsync(time.GetUtcNow(), cancel);
        var budget = parts.Options.EventsBudgetMib > 0 ? (long)parts.Options.EventsBudgetMib << 20 : FifthOfDisk();
        if (await parts.Hours.TrimAsync(budget, cancel) is > 0 and var dropped)
            Log.HoursDropped(log, dropped, budget >> 20);
    }

    /// <summary>The database may lie elsewhere; the disk of the data folder is the best that is known here.</summary>
    private long FifthOfDisk() => new DriveInfo(parts.Data.Root).TotalSize / 5;
}

/// <summary>What the upkeep keeps up.</summary>
internal sealed record UpkeepParts(Database Database, DataFolder Data, SensingOptions Options, Hours Hours, CaptureJobs Jobs, UploadFolder Uploads, SensorOrders Orders, SilenceWatch Silence, GenerationWriter Generations, RuleFetcher Fetcher, Expiry Expiry);
