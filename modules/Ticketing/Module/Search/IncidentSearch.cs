using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Evidence;

namespace Appliance.Ticketing.Search;

/// <summary>Finds incidents by number, words (of their notes and mail too) or a trace, and reports by their words or a trace.</summary>
internal sealed class IncidentSearch(Database database) : ISearchSource
{
    private const string Known =
        $"""
        select m.number, m.title, m.opened_at
        from ticketing.incidents m
        where {Visible.RowsOfConstituents} and m.id = any(@Sure)
        order by m.opened_at desc
        limit @Limit
        """;

    private const string Walk =
        $"""
        select m.number, m.title, m.opened_at
        from (select m.* from ticketing.incidents m where {Visible.RowsOfConstituents} order by m.opened_at desc limit @Window) m
        where {WordHits.Holds}
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
        var parameters = Visible.With(viewer, new { Words = asked, Limit = limit, Hash = asked.Length is 32 or 40 or 64 && asked.All(char.IsAsciiHexDigit) ? Convert.FromHexString(asked) : [] });
        var hits = (await IncidentsAsync(viewer, asked, limit, cancel)).Select(h => new SearchHit("ticketing.kind.incident", $"{h.Number} {h.Title}", $"/tickets/{h.Number}", h.OpenedAt)).ToList();
        if (hits.Count < limit)
            hits.AddRange((await database.QueryAsync<FileHit>(Files, parameters, cancel)).Take(limit - hits.Count).Select(h => new SearchHit("ticketing.kind.evidence", $"{h.Number} E{h.Evidence} {h.Name}", $"/tickets/{h.Number}", h.AddedAt)));
        if (viewer.May(Permissions.Triage) && hits.Count < limit)
            hits.AddRange((await database.QueryAsync<ReportHit>(Reports, parameters, cancel)).Take(limit - hits.Count).Select(h => new SearchHit("ticketing.kind.report", h.Subject, $"/tickets/reports/{h.Id}", h.ReceivedAt)));
        return hits;
    }

    /// <summary>The newest first. Merged ones are named themselves: what is looked for stands on their pages.</summary>
    private async Task<IReadOnlyList<IncidentHit>> IncidentsAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var own = new { Limit = limit, WordHits.Window };
        var places = await WordHits.LookAsync(database, viewer, words, WordHits.Few, cancel);
        if (places.AreMany)
        {
            var walked = await database.QueryAsync<IncidentHit>(Walk, places.With(viewer, words, own), cancel);
            if (walked.Count == limit)
                return walked;
            places = await WordHits.LookAsync(database, viewer, words, int.MaxValue, cancel);
        }

        return await database.QueryAsync<IncidentHit>(Known, places.With(viewer, words, own), cancel);
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
