using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Sensing.Inbox;

/// <summary>Alert groups that have one thing in common: a signature, a source, a destination, or an address of ours on either side.</summary>
public sealed class BundleRow
{
    public string Key { get; init; } = "";

    /// <summary>The signature's words, or the address.</summary>
    public string Label { get; init; } = "";

    /// <summary>Whose the address is, where that is known.</summary>
    public string? Owner { get; init; }

    public long Groups { get; init; }
    public long Count { get; init; }
    public short Severity { get; init; }
    public short Score { get; init; }
    public long Signatures { get; init; }
    public long Sources { get; init; }
    public long Destinations { get; init; }
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }
    public DateTimeOffset LastReceived { get; init; }
}

/// <summary>Asks for one page of bundles.</summary>
internal sealed record ListBundlesRequest(InboxFilter Filter, string By, string? After = null, int Size = 50);

/// <summary>The same groups as <see cref="ListGroups"/>, gathered by what they share, the most urgent first: a storm of one scanner is one line.</summary>
internal sealed class ListBundles(Database database, TimeProvider time) : Query<ListBundlesRequest, Page<BundleRow>>
{
    /// <summary>What groups can be gathered by; the empty word leaves them as they are.</summary>
    public static IReadOnlyList<string> Ways { get; } = ["", "signature", "source", "destination", "asset"];

    private const string Figures =
        """
        count(*) as groups, sum(m.count)::bigint as count, min(m.severity) as severity, max(m.score) as score, count(distinct (m.gid, m.sid)) as signatures,
        count(distinct m.src) as sources, count(distinct m.dst) as destinations, min(m.first_seen) as first_seen, max(m.last_seen) as last_seen, max(m.last_received) as last_received
        """;

    private const string Paged =
        """
        select * from bundles b
        where @cursor_key::text is null or (b.score, b.last_received, b.key) < (@cursor_score, @cursor_at, @cursor_key)
        order by b.score desc, b.last_received desc, b.key desc
        limit @limit
        """;

    private const string BySignature =
        $"""
        with bundles as (
            select m.gid || ':' || m.sid as key, max(m.signature) as label, null::text as owner, {Figures}
            from sensing.alert_groups m
            where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
            group by m.gid, m.sid)
        {Paged}
        """;

    private const string BySource =
        $"""
        with bundles as (
            select host(m.src) as key, host(m.src) as label, max(m.src_constituent_name) as owner, {Figures}
            from sensing.alert_groups m
            where {Visible.RowsOfConstituents} and {InboxFilter.Condition} and m.src is not null
            group by m.src)
        {Paged}
        """;

    private const string ByDestination =
        $"""
        with bundles as (
            select host(m.dst) as key, host(m.dst) as label, max(m.dst_constituent_name) as owner, {Figures}
            from sensing.alert_groups m
            where {Visible.RowsOfConstituents} and {InboxFilter.Condition} and m.dst is not null
            group by m.dst)
        {Paged}
        """;

    // A side is ours when it has been sighted as one of our addresses; a group between two of ours stands under both.
    private const string ByAsset =
        $"""
        with bundles as (
            select host(a.address) as key, host(a.address) as label, max(coalesce(side.owner, a.constituent_name)) as owner, {Figures}
            from sensing.alert_groups m
            cross join lateral (select m.src as address, m.src_constituent_name as owner union select m.dst, m.dst_constituent_name) side
            join sensing.assets a on a.address = side.address
            where {Visible.RowsOfConstituents} and {InboxFilter.Condition}
            group by a.address)
        {Paged}
        """;

    public override Permission Permission => Permissions.Read;

    /// <summary>The word of the query bar that means one bundle.</summary>
    public static string TermOf(string by, BundleRow row) => by switch
    {
        "signature" => "sid:" + row.Key[(row.Key.IndexOf(':', StringComparison.Ordinal) + 1)..],
        "source" => "src:" + row.Key,
        "destination" => "dst:" + row.Key,
        _ => "ip:" + row.Key,
    };

    protected override async Task<Outcome<Page<BundleRow>>> HandleAsync(Viewer viewer, ListBundlesRequest request, CancellationToken cancel)
    {
        var sql = request.By switch { "signature" => BySignature, "source" => BySource, "destination" => ByDestination, "asset" => ByAsset, _ => null };
        if (sql is null)
            return Refuse.Invalid("sensing.refused.view", "by", request.By);
        var size = Math.Clamp(request.Size, 1, 200);
        var cursor = Read(request.After);
        var outcome = request.Filter.Parameters(viewer, time.GetUtcNow(), new { limit = size + 1, cursor_key = cursor?.Key, cursor_score = cursor?.Score, cursor_at = cursor?.At.UtcDateTime });
        if (!outcome.TryGet(out var parameters))
            return Outcome<Page<BundleRow>>.Refused(outcome.Refusals);
        var rows = new List<BundleRow>(await database.QueryAsync<BundleRow>(sql, parameters, cancel, 10));
        var more = rows.Count > size;
        if (more)
            rows.RemoveAt(size);
        return new Page<BundleRow>(rows, more ? Write(rows[^1]) : null);
    }

    private static string Write(BundleRow last) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.Score}|{last.LastReceived.UtcTicks}|{last.Key}")));

    private static (short Score, DateTimeOffset At, string Key)? Read(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 200 || !Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        return parts.Length == 3 && short.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var score)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks < DateTime.MaxValue.Ticks
                ? (score, new DateTimeOffset(ticks, TimeSpan.Zero), parts[2])
                : null;
    }
}
