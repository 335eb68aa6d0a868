using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Ticketing.Classification;

/// <summary>Keeps the copy of the team's own types near its table.</summary>
internal sealed class LocalTypesReader(LocalTypes types, TimeProvider time, ILogger<LocalTypesReader> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await types.RefreshAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException)
            {
                // The copy stays as it was; what is chosen is held against the table itself.
                Log.LocalTypesUnread(log, fault.Message);
            }
            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
