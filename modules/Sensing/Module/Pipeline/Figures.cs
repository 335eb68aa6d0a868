using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;
using Appliance.Sensing.Filter;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Pipeline;

/// <summary>Sensing's counts for Home, Readiness and the rail.</summary>
internal sealed class SensingFigures(Database database, CountInbox counts, SensorStates states) : IFigures
{
    private const string Day =
        """
        select coalesce(sum(records) filter (where type = 'alert'), 0)::bigint as alerts, coalesce(sum(records), 0)::bigint as records
        from sensing.hourly where hour > now() - interval '24 hours'
        """;

    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        var figures = new List<Figure>();
        if (viewer.May(Permissions.Read))
        {
            var outcome = await counts.RunAsync(viewer, new InboxCountsRequest(), cancel);
            if (outcome.TryGet(out var inbox))
            {
                figures.Add(new("sensing.figure.inbox", inbox.Inbox, "/sense/inbox", inbox.Inbox > 0 ? FigureTone.Attention : FigureTone.Calm, OnHome: true));
                figures.Add(new("sensing.figure.escalated", inbox.Escalated, "/sense/inbox?view=escalated"));
            }
        }
        if (viewer.May(Permissions.Look))
        {
            var day = (await database.FindAsync<DayRow>(Day, null, cancel))!;
            figures.Add(new("sensing.figure.alerts-day", day.Alerts, "/sense/inbox"));
            figures.Add(new("sensing.figure.records-day", day.Records, "/sense/events"));
            var sensors = (await states.ReadAsync(database, cancel)).Where(static s => s.Present).ToList();
            var silent = sensors.Count(static s => s.State != "running");
            figures.Add(new("sensing.figure.sensors-silent", silent, "/sense/sensors", silent > 0 ? FigureTone.Urgent : FigureTone.Calm, OnHome: silent > 0));
        }
        return figures;
    }

    private sealed class DayRow
    {
        public long Alerts { get; init; }
        public long Records { get; init; }
    }
}

/// <summary>Finds alert groups by address, name or signature from the top bar.</summary>
internal sealed class SensingSearch(Database database) : ISearchSource
{
    private const string Sql =
        $"""
        select m.id, m.signature, m.src::text as src, m.dst::text as dst, m.last_received as at
        from sensing.alert_groups m
        where m.last_received > now() - interval '30 days' and {Visible.RowsOfConstituents}
          and (@ip::cidr is not null and (m.src <<= @ip::cidr or m.dst <<= @ip::cidr)
               or @sid::bigint is not null and m.sid = @sid
               or @pattern::text is not null and (m.signature ilike @pattern or m.name ilike @pattern or m.incident_number ilike @pattern))
        order by m.last_received desc
        limit @limit
        """;

    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Read) || !FilterTerms.Parse(words).TryGet(out var terms))
            return [];
        var sid = (terms.Sid.Wanted is [var one] && one.From == one.To ? (long?)one.From : null) ?? (long.TryParse(words.Trim(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null);
        var rows = await database.QueryAsync<HitRow>(Sql, Visible.With(viewer, new { ip = terms.Ip.Wanted is [var only] ? only.ToString() : null, sid, pattern = terms.Pattern, limit }), cancel, 1);
        return [.. rows.Select(static r => new SearchHit("sensing.kind.alert", $"{r.Signature} · {r.Src} → {r.Dst}", $"/sense/alerts/{r.Id}", r.At))];
    }

    private sealed class HitRow
    {
        public Guid Id { get; init; }
        public string Signature { get; init; } = "";
        public string? Src { get; init; }
        public string? Dst { get; init; }
        public DateTimeOffset At { get; init; }
    }
}
