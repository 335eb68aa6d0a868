using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Evidence;

namespace Appliance.Ticketing.Search;

/// <summary>Finds incidents by number, words (of their notes and mail too) or a trace, and reports by their words or a trace.</summary>
internal sealed class IncidentSearch(Database database) : ISearchSource
{
    private const string Incidents =
        $"""
        select m.number, m.title, m.opened_at
        from ticketing.incidents m
        where {Visible.RowsOfConstituents}
          and m.id in (
            select m.id from ticketing.incidents m where m.number = upper(@Words) and {Visible.RowsOfConstituents}
            union
            select m.id from ticketing.incidents m where m.grams @@ ticketing.asked(@Words) and {Visible.RowsOfConstituents}
            union
            select m.id from ticketing.timeline t join ticketing.incidents m on m.id = t.incident_id where t.grams @@ ticketing.asked(@Words) and (not t.internal or @Staff) and {Visible.RowsOfConstituents}
            union
            select o.incident_id from ticketing.observables o where o.value = lower(@Words))
        order by m.opened_at desc
        limit @Limit
        """;

    private const string Walk =
        $"""
        select m.number, m.title, m.opened_at
        from ticketing.incidents m
        where {Visible.RowsOfConstituents} and {WordHits.Holds}
        order by m.opened_at desc
        limit @Limit
        """;

    private const string Reports =
        $"""
        select m.id, m.subject, m.received_at
        from ticketing.reports m
        where {Visible.RowsOfConstituents}
          and m.id in (
            select m.id from ticketing.reports m where m.grams @@ ticketing.asked(@Words) and {Visible.RowsOfConstituents}
            union
            select o.report_id from ticketing.report_observables o where o.value = lower(@Words))
        order by m.received_at desc
        limit @Limit
        """;

    private const string Files =
        $"""
        select i.number, m.number as evidence, m.name, m.added_at
        from ticketing.evidence m
        join ticketing.incidents i on i.id = m.incident_id
        where {EvidenceRow.Seen}
          and (m.grams @@ ticketing.asked(@Words) or m.sha256 = @Hash or m.sha1 = @Hash or m.md5 = @Hash)
        order by m.added_at desc
        limit @Limit
        """;

    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var asked = words.Trim();
        if (asked.Length == 0 || !viewer.May(Permissions.Read))
            return [];
        var parameters = Visible.With(viewer, new { Words = asked, Staff = viewer.Constituent is null, Limit = limit, Hash = asked.Length is 32 or 40 or 64 && asked.All(char.IsAsciiHexDigit) ? Convert.FromHexString(asked) : [] });
        var hits = (await database.QueryAsync<IncidentHit>(await WordHits.AreManyAsync(database, asked, cancel) ? Walk : Incidents, parameters, cancel)).Select(h => new SearchHit("ticketing.kind.incident", $"{h.Number} {h.Title}", $"/tickets/{h.Number}", h.OpenedAt)).ToList();
        if (hits.Count < limit)
            hits.AddRange((await database.QueryAsync<FileHit>(Files, parameters, cancel)).Take(limit - hits.Count).Select(h => new SearchHit("ticketing.kind.evidence", $"{h.Number} E{h.Evidence} {h.Name}", $"/tickets/{h.Number}", h.AddedAt)));
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

    private sealed class FileHit
    {
        public string Number { get; set; } = "";

        public int Evidence { get; set; }

        public string Name { get; set; } = "";

        public DateTimeOffset AddedAt { get; set; }
    }

    private sealed class ReportHit
    {
        public Guid Id { get; set; }

        public string Subject { get; set; } = "";

        public DateTimeOffset ReceivedAt { get; set; }
    }
}
