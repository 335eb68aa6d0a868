using Appliance.Kernel.Data;
using Quartz;

namespace Appliance.Watch.Feeds;

/// <summary>One round: every source that is due, oldest first. A source that fails delays none of the others.</summary>
[DisallowConcurrentExecution]
internal sealed class FetchFeedsJob(Database database, FetchFeed fetch, TimeProvider time) : IJob
{
    private const string Due =
        """
        select id
        from watch.feeds
        where archived_at is null and state <> 'paused' and kind <> 'carried' and next_at <= @Now
        order by next_at
        limit 200
        """;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        foreach (var id in await database.QueryAsync<Guid>(Due, new { Now = time.GetUtcNow() }, cancellationToken))
            await fetch.RunAsync(id, cancellationToken);
    }
}
