using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Directories.Lookup;

/// <summary>Follows changes of the directory. An import of thousands of rows is thousands of events and one or two reloads.</summary>
internal sealed class RefreshWorker(Constituency constituency, TimeProvider time, ILogger<RefreshWorker> log) : BackgroundService
{
    private readonly SemaphoreSlim _wake = new(0, 1);

    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already awake: the reload to come sees this change too.
            return;
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(stoppingToken);
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, stoppingToken);
                await constituency.ReloadAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                Log.SwapFailed(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Wake();
            }
        }
    }
}

/// <summary>Wakes the worker; the reading happens outside the delivery's transaction.</summary>
internal sealed class RefreshOnChange(RefreshWorker worker) : IEventHandler<ConstituentChanged>
{
    public Task HandleAsync(ConstituentChanged fact, Work work, CancellationToken cancel)
    {
        worker.Wake();
        return Task.CompletedTask;
    }
}
