using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

/// <summary>Reads a person's own acts on many.</summary>
internal sealed class OwnBulk(Database database, BulkCatalog catalog, IServiceProvider services, TimeProvider time)
{
    private const string Shown =
        $"""
        select {BulkRow.Columns}
        from kernel.bulk_runs r
        where r.user_id = @User and r.put_away_at is null and (r.ended_at is null or r.ended_at > @Since)
        order by r.started_at desc, r.id desc
        limit 20
        """;

    private const string One = $"select {BulkRow.Columns} from kernel.bulk_runs r where r.id = @Id and r.user_id = @User";

    // The ids are in the order of time.
    private const string Newest =
        $"""
        select {BulkRow.Columns}
        from kernel.bulk_runs r
        where r.user_id = @User and (@After::uuid is null or (r.started_at, r.id) < (select a.started_at, a.id from kernel.bulk_runs a where a.id = @After))
        order by r.started_at desc, r.id desc
        limit @Limit
        """;

    private const string LeftOnes =
        """
        select item, reason::text as reason
        from kernel.bulk_items
        where run_id = @Id and reason is not null and (@After::uuid is null or item > @After)
        order by item
        limit @Limit
        """;

    private const string Away = "update kernel.bulk_runs set put_away_at = @Now where id = @Id and user_id = @User and ended_at is not null and put_away_at is null";

    public async Task<IReadOnlyList<BulkState>> ShownAsync(Viewer viewer, CancellationToken cancel) =>
        [.. (await database.QueryAsync<BulkRow>(Shown, new { User = viewer.Id.Value, Since }, cancel)).Select(r => r.ToState(catalog))];

    public async Task<Outcome<BulkState>> FindAsync(Viewer viewer, Guid id, CancellationToken cancel) =>
        await database.FindAsync<BulkRow>(One, new { Id = id, User = viewer.Id.Value, Since }, cancel) is { } row ? row.ToState(catalog) : Refuse.NotFound("kernel.bulk.none");

    public async Task<Page<BulkState>> ListAsync(Viewer viewer, string? after, int limit, CancellationToken cancel)
    {
        limit = Math.Clamp(limit, 1, 200);
        var rows = await database.QueryAsync<BulkRow>(Newest, new { User = viewer.Id.Value, Since, After = KeyOf(after), Limit = limit + 1 }, cancel);
        return new([.. rows.Take(limit).Select(r => r.ToState(catalog))], rows.Count > limit ? rows[limit - 1].Id.ToString() : null);
    }

    public async Task<Outcome<Page<BulkLeft>>> LeftAsync(Viewer viewer, Guid id, string? after, int limit, CancellationToken cancel)
    {
        limit = Math.Clamp(limit, 1, 200);
        if (await database.FindAsync<BulkRow>(One, new { Id = id, User = viewer.Id.Value, Since }, cancel) is not { } run)
            return Refuse.NotFound("kernel.bulk.none");
        var rows = await database.QueryAsync<LeftRow>(LeftOnes, new { Id = id, After = KeyOf(after), Limit = limit + 1 }, cancel);
        var shown = rows.Take(limit).ToList();
        // Names are read now: what the person may no longer see is no longer named.
        IReadOnlyList<BulkName> names = catalog.Find(services, run.Act) is { } act && viewer.May(act.Permission) ? await act.NamesAsync(viewer, [.. shown.Select(r => r.Item)], cancel) : [];
        var byItem = names.ToDictionary(n => n.Item);
        return new Page<BulkLeft>(
            [.. shown.Select(r => byItem.TryGetValue(r.Item, out var name) ? new BulkLeft(r.Item, name.Text, name.Href, KeptRefusal.Read(r.Reason)) : new BulkLeft(r.Item, "", null, Refuse.NotFound("kernel.bulk.hidden")))],
            rows.Count > limit ? shown[^1].Item.ToString() : null);
    }

    public Task PutAwayAsync(Viewer viewer, Guid id, CancellationToken cancel) =>
        database.ExecuteAsync(Away, new { Id = id, User = viewer.Id.Value, Now = time.GetUtcNow() }, cancel);

    private DateTimeOffset Since => time.GetUtcNow() - BulkRow.Window;

    private static Guid? KeyOf(string? after) => Guid.TryParse(after, out var key) ? key : null;

    private sealed class LeftRow
    {
        public Guid Item { get; set; }

        public string Reason { get; set; } = "";
    }
}
