using Appliance.Kernel.Data;
using Appliance.Uplink.Peers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Uplink.Pull;

/// <summary>Goes round the peers: pulls from those that are due, then posts what waits for them. A slow peer holds up only itself.</summary>
/// <remarks>A worker and not a scheduled job, because the interval is a setting, each peer has its own time, and a peer that fails is asked ever more rarely.</remarks>
internal sealed class ExchangeService(Database database, PullPeer pull, PostAcknowledgements post, TimeProvider time, ILogger<ExchangeService> log) : BackgroundService
{
    private const string Due =
        $"""
        select {Peer.Columns}
        from uplink.peers p
        where p.trust = 'trusted' and p.removed_at is null and p.root_url is not null
          and (p.next_pull_at is null or p.next_pull_at <= @Now
               or exists (select 1 from uplink.acknowledgements a where a.peer_id = p.id and a.state = 'queued' and a.due_at <= @Now))
        order by p.next_pull_at nulls first
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(stoppingToken);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                Log.ExchangeInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One round over the peers that are due. Public to the tests, which step through it.</summary>
    internal async Task RoundAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var due = await database.QueryAsync<Peer>(Due, new { Now = now }, cancel);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancel }, async (peer, token) =>
        {
            try
            {
                if (peer.NextPullAt is null || peer.NextPullAt <= now)
                    await pull.RunAsync(peer, token);
                await post.RunAsync(peer, token);
            }
            catch (Exception fault) when (fault is not OperationCanceledException and not NpgsqlException { IsTransient: true })
            {
                Log.ExchangeFailed(log, peer.Name, fault);
                await pull.FailAsync(peer, fault, token);
            }
        });
    }
}
