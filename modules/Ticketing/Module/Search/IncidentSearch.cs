using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Search;

/// <summary>Finds incidents by number, words or a trace, and reports by subject and sender.</summary>
internal sealed class IncidentSearch(Database database) : ISearchSource
{
    private const string Incidents =
        $"""
        select m.number, m.title, m.opened_at
        from ticketing.incidents m
        where {Visible.RowsOfConstituents}
          and (m.number = upper(@Words) or m.words @@ plainto_tsquery('simple', @Words)
            or exists (select 1 from ticketing.observables o where o.incident_id = m.id and o.value = lower(@Words)))
        order by m.opened_at desc
        limit @Limit
        """;

    private const string Reports =
        $"""
        select m.id, m.subject, m.received_at
        from ticketing.reports m
        where {Visible.RowsOfConstituents}
          and (m.subject ilike @Like or m.sender ilike @Like
            or exists (select 1 from ticketing.report_observables o where o.report_id = m.id and o.value = lower(@Words)))
        order by m.received_at desc
        limit @Limit
        """;

    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var asked = words.Trim();
        if (asked.Length == 0 || !viewer.May(Permissions.Read))
            return [];
        var escaped = asked.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
        var parameters = Visible.With(viewer, new { Words = asked, Like = $"%{escaped}%", Limit = limit });
        var hits = (await database.QueryAsync<IncidentHit>(Incidents, parameters, cancel)).Select(h => new SearchHit("ticketing.kind.incident", $"{h.Number} {h.Title}", $"/tickets/{h.Number}", h.OpenedAt)).ToList();
        if (viewer.May(Permissions.Triage) && hits.Count < limit)
            hits.AddRange((await database.QueryAsync<ReportHit>(Reports, parameters, cancel)).Take(limit - hits.Count).Select(h => new SearchHit("ticketing.kind.report", h.Subject, $"/tickets/reports/{h.Id}", h.ReceivedAt)));
        return hits;
    }

    private sealed class IncidentHit
    {
        public string Number { get; set; } = "";

        public string Title { get; set; } = "";

        public DateTimeOffset OpenedAt { get; set; }
    }

    private sealed class ReportHit
    {
        public Guid Id { get; set; }

        public string Subject { get; set; } = "";

        public DateTimeOffset ReceivedAt { get; set; }
    }
}
