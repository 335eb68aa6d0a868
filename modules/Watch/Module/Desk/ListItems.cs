using System.Globalization;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Desk;

/// <summary>Which items to list.</summary>
/// <param name="State">new, kept, ignored, advisory; empty for all.</param>
/// <param name="Source">Only items that this source reported.</param>
/// <param name="Words">In title or summary.</param>
/// <param name="Matched">Only what concerns us.</param>
internal sealed record ItemsWanted(string State = "new", string Source = "", string Words = "", bool Matched = false, string? After = null, int Limit = 50);

/// <summary>One line of the desk.</summary>
internal sealed class ItemLine
{
    public Guid Id { get; init; }

    public string Title { get; init; } = "";

    public string Source { get; init; } = "";

    public int Sources { get; init; }

    public string Origin { get; init; } = "";

    public DateTimeOffset? PublishedAt { get; init; }

    public DateTimeOffset ReceivedAt { get; init; }

    public string State { get; init; } = "";

    public bool IsRead { get; init; }

    public int Matches { get; init; }

    /// <summary>The first match in words: <c>192.0.2.7 → Ministry of Health</c>.</summary>
    public string? FirstMatch { get; init; }

    public string[] Cves { get; init; } = [];

    public short Tlp { get; init; }

    public bool Exercise { get; init; }
}

/// <summary>Lists what came in, newest first.</summary>
internal sealed class ListItems(Database database) : Query<ItemsWanted, Page<ItemLine>>
{
    private const string Select =
        $"""
        select m.id, m.title, m.source, m.sources, m.origin, m.published_at, m.received_at, m.state, m.matches, m.cves, m.tlp, m.exercise,
          exists (select 1 from watch.item_reads r where r.item_id = m.id and r.person_id = @Person) as is_read,
          (select x.value || coalesce(' → ' || x.constituent, '') from watch.item_matches x where x.item_id = m.id order by x.kind, x.value limit 1) as first_match
        from watch.items m
        where {Visible.Rows}
          and (@State = '' or m.state = @State)
          and (@Source = '' or exists (select 1 from watch.item_sources s where s.item_id = m.id and s.source = @Source))
          and (not @Matched or m.matches > 0)
          and (@Words = '' or to_tsvector('simple', m.title || ' ' || m.summary) @@ websearch_to_tsquery('simple', @Words))
          and (@AfterAt::timestamptz is null or (m.received_at, m.id) < (@AfterAt, @AfterId))
        order by m.received_at desc, m.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.ReadItems;

    protected override async Task<Outcome<Page<ItemLine>>> HandleAsync(Viewer viewer, ItemsWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        var (afterAt, afterId) = PageKey.Read(request.After);
        var rows = await database.QueryAsync<ItemLine>(
            Select,
            Visible.With(viewer, new
            {
                Person = viewer.Id.Value,
                State = request.State ?? "",
                Source = request.Source ?? "",
                request.Matched,
                Words = (request.Words ?? "").Trim(),
                AfterAt = afterAt,
                AfterId = afterId,
                Limit = limit + 1,
            }),
            cancel);
        var page = rows.Take(limit).ToList();
        return new Page<ItemLine>(page, rows.Count > limit ? PageKey.Write(page[^1].ReceivedAt, page[^1].Id) : null);
    }
}

/// <summary>The place where a page of a list by time ends, as an opaque word.</summary>
internal static class PageKey
{
    public static string Write(DateTimeOffset at, Guid id) =>
        Convert.ToHexStringLower(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks} {id:N}")));

    public static (DateTimeOffset? At, Guid Id) Read(string? key)
    {
        if (string.IsNullOrEmpty(key) || key.Length > 200 || key.Length % 2 != 0 || !key.All(char.IsAsciiHexDigit))
            return (null, default);
        var parts = Encoding.ASCII.GetString(Convert.FromHexString(key)).Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out var ticks) && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks && Guid.TryParse(parts[1], out var id)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), id)
            : (null, default);
    }
}
