using Appliance.Kernel.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Bulk;

/// <summary>Works all acts on many, one part after the other. What a stopped or killed host began goes on when it starts again.</summary>
internal sealed class BulkWorker(BulkStep step, BulkBell bell, TimeProvider time, ILogger<BulkWorker> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await step.RunAsync(stoppingToken) is { } user)
                    bell.Tell(user);
                await bell.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                // Nothing of the part was committed; it is done when the database answers.
                KernelLog.BulkInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception fault)
            {
                // Whatever it is, other people's acts must not stop for good: nothing was committed, so nothing is lost.
                KernelLog.BulkWorkerFault(log, fault);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
