using Appliance.Kernel.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Ticketing.Changes;

/// <summary>Tells pages that an incident moved, so that they read it again: an identity and nothing else, since what may be seen is the page's question. Safe from any thread.</summary>
internal sealed class IncidentWatch
{
    /// <summary>Channel of the database on which every entry of a timeline is told when it is committed.</summary>
    public const string Channel = "ticketing_moved";

    /// <summary>Raised with the incident, from any thread; null when some may have been missed.</summary>
    public event Action<Guid?>? Moved;

    public void Tell(Guid? incident) => Moved?.Invoke(incident);
}

/// <summary>Listens to the database for incidents that moved, whoever moved them.</summary>
internal sealed class IncidentListener(Database database, IncidentWatch watch, TimeProvider time, ILogger<IncidentListener> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.Source.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, told) => watch.Tell(Guid.TryParse(told.Payload, out var incident) ? incident : null);
                await using (var listen = new NpgsqlCommand($"listen {IncidentWatch.Channel}", connection))
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                // While nobody listened, something may have moved.
                watch.Tell(null);
                while (!stoppingToken.IsCancellationRequested)
                    await connection.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                Log.NotListening(log, fault.Message);
                await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
