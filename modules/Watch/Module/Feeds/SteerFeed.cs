using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Watch.Feeds;

/// <summary>Pause or resume a source.</summary>
internal sealed record FeedPause(Guid Id, bool Paused);

/// <summary>Pauses a source, or resumes it with a look at once.</summary>
internal sealed class PauseFeed(Database database) : Act<FeedPause, Done>(database)
{
    private const string Update =
        """
        update watch.feeds
        set state = case when @Paused then 'paused' else 'waiting' end, failures = 0, next_at = @Now
        where id = @Id and archived_at is null
        """;

    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, FeedPause request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Update, new { request.Id, request.Paused, work.Now }, cancel) == 0)
            return Refuse.NotFound("watch.refused.no-feed");
        work.Audit(request.Paused ? "watch.feed.paused" : "watch.feed.resumed", $"feed/{request.Id}");
        return default(Done);
    }
}

/// <summary>Puts a source first in the next round, within half a minute.</summary>
internal sealed class FetchSoon(Database database) : Act<Guid, Done>(database)
{
    private const string Update = "update watch.feeds set next_at = @Now where id = @Id and kind <> 'carried' and state <> 'paused' and archived_at is null";

    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Update, new { Id = request, work.Now }, cancel) == 0)
            return Refuse.Conflict("watch.refused.feed-not-fetched");
        work.Audit("watch.feed.asked", $"feed/{request}");
        return default(Done);
    }
}

/// <summary>Takes a source out of use. Its items stay.</summary>
internal sealed class RemoveFeed(Database database) : Act<Guid, Done>(database)
{
    private const string Archive = "update watch.feeds set archived_at = @Now where id = @Id and archived_at is null";

    public override Permission Permission => Permissions.ManageFeeds;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Archive, new { Id = request, work.Now }, cancel) == 0)
            return Refuse.NotFound("watch.refused.no-feed");
        work.Audit("watch.feed.removed", $"feed/{request}");
        return default(Done);
    }
}
