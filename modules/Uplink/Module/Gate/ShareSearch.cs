using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;

namespace Appliance.Uplink.Gate;

/// <summary>Finds shares and received objects by words of their title or by number or STIX id.</summary>
internal sealed class ShareSearch(Database database) : ISearchSource
{
    private const string Shares =
        $"""
        select m.id, m.number || ' ' || m.title as title, m.arrived_at as at
        from uplink.shares m
        where {Visible.Rows} and (m.title ilike @Like or m.number ilike @Like or m.main_id = @Words)
        order by m.arrived_at desc
        limit @Limit
        """;

    private const string Items =
        $"""
        select m.id, m.title, m.received_at as at
        from uplink.received m
        where {Visible.Rows} and m.state not in ('part', 'acknowledgement') and (m.title ilike @Like or m.stix_id = @Words)
        order by m.received_at desc
        limit @Limit
        """;

    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var text = words.Trim();
        if (text.Length < 2)
            return [];
        var like = $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
        var hits = new List<SearchHit>();
        if (viewer.May(Permissions.ShareRead))
            hits.AddRange((await FindAsync(Shares, viewer, like, text, limit, cancel)).Select(r => new SearchHit("uplink.kind.share", r.Title, $"/share/outbox/{r.Id}", r.At)));
        if (viewer.May(Permissions.InboxRead))
            hits.AddRange((await FindAsync(Items, viewer, like, text, limit, cancel)).Select(r => new SearchHit("uplink.kind.received", r.Title, $"/share/inbox/{r.Id}", r.At)));
        return [.. hits.OrderByDescending(h => h.When).Take(limit)];
    }

    private Task<IReadOnlyList<Row>> FindAsync(string sql, Viewer viewer, string like, string words, int limit, CancellationToken cancel) =>
        database.QueryAsync<Row>(sql, Visible.With(viewer, new { Like = like, Words = words, Limit = limit }), cancel, seconds: 1);

    private sealed class Row
    {
        public Guid Id { get; set; }

        public string Title { get; set; } = "";

        public DateTimeOffset At { get; set; }
    }
}
