using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Changes;

/// <summary>Which acts to list.</summary>
/// <param name="After">Key of the previous page's end.</param>
/// <param name="Limit">1 to 200.</param>
internal sealed record ActsWanted(string? After = null, int Limit = 50);

/// <summary>An act on several incidents.</summary>
/// <param name="Numbers">The incidents that the viewer may see, at most 20.</param>
/// <param name="Count">How many the viewer may see.</param>
internal sealed record ActLine(Guid Id, DateTimeOffset At, string By, string Kind, string? Target, IReadOnlyList<string> Numbers, int Count, JsonElement Detail, DateTimeOffset? UndoneAt, string? UndoneBy)
{
    /// <summary>The viewer's own last act, which the key takes back.</summary>
    public bool OwnLast { get; init; }
}

/// <summary>Lists merges and changes of many, newest first: each can be taken back here.</summary>
internal sealed class ListActs(Database database) : Query<ActsWanted, Page<ActLine>>
{
    private const string Select =
        $"""
        select a.id, a.at, a.by_name, a.kind, a.detail::text as detail, a.undone_at, a.undone_by,
            (select m.number from ticketing.incidents m where m.id = a.target_id and {Visible.RowsOfConstituents}) as target, seen.numbers, seen.count
        from ticketing.acts a
        cross join lateral (
            select (array_agg(m.number order by m.number))[1:20] as numbers, count(*)::int as count
            from ticketing.act_items i
            join ticketing.incidents m on m.id = i.incident_id
            where i.act_id = a.id and {Visible.RowsOfConstituents}) seen
        where seen.count > 0
          and (@At::timestamptz is null or (a.at, a.id) < (@At, @LastId))
        order by a.at desc, a.id desc
        limit @Limit
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Page<ActLine>>> HandleAsync(Viewer viewer, ActsWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 200);
        var (at, last) = Read(request.After);
        var rows = await database.QueryAsync<ActRow>(Select, Visible.With(viewer, new { At = at, LastId = last, Limit = limit + 1 }), cancel);
        var shown = rows.Take(limit).ToList();
        var own = request.After is null ? shown.FirstOrDefault(r => r.UndoneAt is null && r.ByName == viewer.Name)?.Id : null;
        return new Page<ActLine>(
            [.. shown.Select(r => Line(r) with { OwnLast = r.Id == own })],
            rows.Count > limit ? string.Create(CultureInfo.InvariantCulture, $"{shown[^1].At.UtcTicks:x}-{shown[^1].Id:N}") : null);
    }

    private static ActLine Line(ActRow row)
    {
        using var detail = JsonDocument.Parse(row.Detail);
        return new(row.Id, row.At, row.ByName, row.Kind, row.Target, row.Numbers, row.Count, detail.RootElement.Clone(), row.UndoneAt, row.UndoneBy);
    }

    private static (DateTimeOffset? At, Guid Id) Read(string? after) =>
        after?.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks && Guid.TryParse(id, out var guid)
            ? (new(at, TimeSpan.Zero), guid)
            : (null, Guid.Empty);

    private sealed class ActRow
    {
        public Guid Id { get; set; }

        public DateTimeOffset At { get; set; }

        public string ByName { get; set; } = "";

        public string Kind { get; set; } = "";

        public string Detail { get; set; } = "{}";

        public string? Target { get; set; }

        public string[] Numbers { get; set; } = [];

        public int Count { get; set; }

        public DateTimeOffset? UndoneAt { get; set; }

        public string? UndoneBy { get; set; }
    }
}
