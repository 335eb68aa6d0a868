using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Figures;

/// <summary>What waits at the watch.</summary>
internal sealed class WatchFigures(Database database, TimeProvider time) : IFigures
{
    private const string CountItems =
        $"""
        select count(*) filter (where m.state = 'new') as waiting,
          count(*) filter (where m.state = 'new' and m.matches > 0) as matched,
          count(*) filter (where m.state = 'new' and not exists (select 1 from watch.item_reads r where r.item_id = m.id and r.person_id = @Person)) as unread,
          count(*) as items
        from watch.items m
        where {Visible.Rows}
        """;

    private const string CountFeeds = "select count(*) as feeds, count(*) filter (where state = 'failing') as failing from watch.feeds where archived_at is null";

    private const string CountAdvisories =
        $"""
        select count(*) filter (where m.state = 'review') as in_review, count(*) filter (where m.state = 'approved') as approved, count(*) filter (where m.revision > 0) as published,
          coalesce(extract(day from @Now - min(m.created_at) filter (where m.revision > 0)), -1)::bigint as days
        from watch.advisories m
        where {Visible.Rows}
        """;

    private const string CountFailed = "select count(*) from watch.deliveries where state in ('failed', 'unknown')";

    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        var figures = new List<Figure>();
        if (viewer.May(Permissions.ReadItems))
        {
            var items = (await database.FindAsync<ItemCounts>(CountItems, Visible.With(viewer, new { Person = viewer.Id.Value }), cancel))!;
            var feeds = (await database.FindAsync<FeedCounts>(CountFeeds, null, cancel))!;
            figures.Add(new("watch.figure.unread", items.Unread, "/watch", Tone(items.Unread), OnHome: true));
            figures.Add(new("watch.figure.matched", items.Matched, "/watch?matched=true", Tone(items.Matched)));
            figures.Add(new("watch.figure.items", items.Items, "/watch?state="));
            figures.Add(new("watch.figure.feeds", feeds.Feeds, "/watch/feeds"));
            figures.Add(new("watch.figure.failing", feeds.Failing, "/watch/feeds", feeds.Failing > 0 ? FigureTone.Urgent : FigureTone.Calm));
        }
        if (viewer.May(Permissions.ReadAdvisories))
        {
            var advisories = (await database.FindAsync<AdvisoryCounts>(CountAdvisories, Visible.With(viewer, new { Now = time.GetUtcNow() }), cancel))!;
            var failed = await database.FindAsync<long>(CountFailed, null, cancel);
            figures.Add(new("watch.figure.in-review", advisories.InReview, "/watch/advisories?state=review", Tone(advisories.InReview)));
            figures.Add(new("watch.figure.approved", advisories.Approved, "/watch/advisories?state=approved", Tone(advisories.Approved)));
            figures.Add(new("watch.figure.published", advisories.Published, "/watch/advisories?state=published"));
            if (advisories.Days >= 0)
                figures.Add(new("watch.figure.days-since-first", advisories.Days, "/watch/advisories?state=published"));
            figures.Add(new("watch.figure.undelivered", failed, "/watch/advisories", failed > 0 ? FigureTone.Urgent : FigureTone.Calm));
        }
        return figures;
    }

    private static FigureTone Tone(long count) => count > 0 ? FigureTone.Attention : FigureTone.Calm;

    private sealed record ItemCounts(long Waiting, long Matched, long Unread, long Items);

    private sealed record FeedCounts(long Feeds, long Failing);

    private sealed record AdvisoryCounts(long InReview, long Approved, long Published, long Days);
}
