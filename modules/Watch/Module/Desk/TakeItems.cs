using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Desk;

/// <summary>Entries from one place.</summary>
/// <param name="Origin">feed, carried or peer.</param>
/// <param name="Home">Address of the source, whose own name is no finding.</param>
internal sealed record Intake(string Origin, string Source, Guid? Feed, Guid? Fetch, Marking Marking, string Home, IReadOnlyList<FeedEntry> Entries);

/// <summary>Puts entries on the desk: known ones are folded into their item, new ones matched against the directory and the watch words.</summary>
internal sealed class TakeItems(ItemMatcher matcher)
{
    // Two intakes at once could both miss an item that the other is writing.
    private const string Lock = "select pg_advisory_xact_lock(hashtext('watch.intake'))";

    private const string Known = "select key, item_id from watch.item_keys where key = any(@Keys)";

    private const string InsertItem =
        """
        insert into watch.items (id, title, summary, link, origin, source, published_at, received_at, matches, cves, tlp, pap, exercise, named)
        values (@Id, @Title, @Summary, @Link, @Origin, @Source, @PublishedAt, @Now, @Matches, @Cves, @Tlp, @Pap, @Exercise, @Named)
        """;

    private const string InsertKeys = "insert into watch.item_keys (key, item_id) select t.key, t.item from unnest(@Keys, @Items) as t (key, item) on conflict do nothing";

    private const string InsertMatches =
        """
        insert into watch.item_matches (item_id, kind, value, reason, constituent_id, constituent)
        values (@Item, @Kind, @Value, @Reason, @Constituent, @Name)
        on conflict do nothing
        """;

    private const string InsertSource =
        """
        insert into watch.item_sources (item_id, feed_id, source, guid, link, fetch_id, seen_at)
        select t.item, @Feed, @Source, t.guid, nullif(t.link, ''), @Fetch, @Now
        from unnest(@Items, @Guids, @Links) as t (item, guid, link)
        on conflict do nothing
        """;

    private const string CountSources = "update watch.items set sources = (select count(*) from watch.item_sources s where s.item_id = watch.items.id) where id = any(@Items)";

    // A source that corrects its words corrects ours, as long as nobody has decided on them.
    private const string Correct = "update watch.items set title = @Title, summary = @Summary where id = @Id and state = 'new' and source = @Source and (title, summary) is distinct from (@Title, @Summary)";

    /// <summary>Answers the number of items that were new.</summary>
    public async Task<int> RunAsync(Work work, Intake intake, CancellationToken cancel)
    {
        var entries = intake.Entries.Where(e => e.Title.Length > 0 || e.Summary.Length > 0).ToList();
        if (entries.Count == 0)
            return 0;
        await work.ExecuteAsync(Lock, null, cancel);
        var keyed = ItemKeys.Of(intake, entries);
        var known = (await work.QueryAsync<KnownRow>(Known, new { Keys = keyed.SelectMany(k => k.Keys).ToArray() }, cancel)).DistinctBy(k => Convert.ToHexString(k.Key)).ToDictionary(k => Convert.ToHexString(k.Key), k => k.ItemId);
        await matcher.RefreshAsync(work, cancel);

        var (items, matches, corrections) = (new List<object>(), new List<object>(), new List<object>());
        var (keys, keyItems) = (new List<byte[]>(), new List<Guid>());
        var seen = new Dictionary<Guid, FeedEntry>();
        // Newest last, so that the desk's order by time of arrival keeps the order of the source.
        foreach (var (entry, own) in Enumerable.Reverse(keyed))
        {
            var hex = own.Select(Convert.ToHexString).ToList();
            var id = hex.Select(h => known.TryGetValue(h, out var item) ? item : (Guid?)null).FirstOrDefault(i => i is not null) ?? Guid.Empty;
            var title = entry.Title.Length > 0 ? entry.Title : PlainText.Line(entry.Summary, 120);
            if (id == Guid.Empty)
            {
                id = Guid.CreateVersion7();
                var found = matcher.Match(title, entry.Summary, entry.Link, intake.Home);
                items.Add(new
                {
                    Id = id,
                    Title = title,
                    entry.Summary,
                    entry.Link,
                    intake.Origin,
                    intake.Source,
                    PublishedAt = entry.Published,
                    work.Now,
                    Matches = found.Count,
                    Cves = ItemMatcher.Cves($"{title} {entry.Summary}"),
                    Tlp = (short)intake.Marking.Tlp,
                    Pap = (short)intake.Marking.Pap,
                    intake.Marking.Exercise,
                    Named = (intake.Marking.Named ?? []).Select(n => n.Value).ToArray(),
                });
                matches.AddRange(found.Select(m => new { Item = id, m.Kind, m.Value, m.Reason, Constituent = m.Constituent?.Value, m.Name }));
            }
            else if (!seen.ContainsKey(id))
            {
                corrections.Add(new { Id = id, Title = title, entry.Summary, intake.Source });
            }
            foreach (var (key, text) in own.Zip(hex))
            {
                if (!known.TryAdd(text, id))
                    continue;
                keys.Add(key);
                keyItems.Add(id);
            }
            seen[id] = entry;
        }

        await work.ExecuteAsync(InsertItem, items, cancel);
        await work.ExecuteAsync(InsertKeys, new { Keys = keys.ToArray(), Items = keyItems.ToArray() }, cancel);
        await work.ExecuteAsync(InsertMatches, matches, cancel);
        await work.ExecuteAsync(Correct, corrections, cancel);
        await work.ExecuteAsync(
            InsertSource,
            new { intake.Feed, intake.Source, intake.Fetch, work.Now, Items = seen.Keys.ToArray(), Guids = seen.Values.Select(e => e.Id).ToArray(), Links = seen.Values.Select(e => e.Link ?? "").ToArray() },
            cancel);
        await work.ExecuteAsync(CountSources, new { Items = seen.Keys.ToArray() }, cancel);
        return items.Count;
    }

    private sealed record KnownRow(byte[] Key, Guid ItemId);
}
