using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Reports;

/// <summary>An incident that a report may belong to, and why.</summary>
/// <param name="Number">The incident.</param>
/// <param name="Title">Its title.</param>
/// <param name="Score">The higher the likelier.</param>
/// <param name="Reason">Resource key of the strongest reason: <c>ticketing.suggest.thread</c>, <c>traces</c> or <c>subject</c>.</param>
/// <param name="Particulars">For the reason: how many traces, and one of them.</param>
internal sealed record Suggestion(string Number, string Title, int Score, string Reason, params IReadOnlyList<object> Particulars);

/// <summary>Finds the open incidents that reports may belong to: their thread names it, they share traces with it, or the same sender wrote under the same subject.</summary>
internal static class SuggestIncidents
{
    private const int MostEach = 3;

    // A value that stands in many incidents says nothing about any of them.
    private const string Find =
        $"""
        with shared as (
            select r.report_id, coalesce(m.root_id, m.id) as root, r.type, r.value
            from ticketing.report_observables r
            join ticketing.observables o on o.value = r.value and o.type = r.type
            join ticketing.incidents m on m.id = o.incident_id
            where r.report_id = any(@Ids) and r.type not in ('asn', 'ipv4_cidr', 'registry_key_path')
              and (select count(*) from (select 1 from ticketing.observables c where c.value = r.value limit 51) common) <= 50
              and {Visible.RowsOfConstituents}
        ), hits as (
            select s.report_id, s.root, 'traces' as reason, count(distinct s.value)::int as many, min(s.value) as example,
                sum(case when s.type in ('url', 'sha256', 'sha1', 'md5', 'sha512') then 5 when s.type in ('ipv4', 'ipv6', 'domain') then 3 else 1 end)::int as score
            from shared s
            group by s.report_id, s.root
            union all
            select m.id, coalesce(i.root_id, i.id), 'thread', 1, '', 100
            from ticketing.reports m
            join ticketing.incidents i on i.id = m.suggested_id
            where m.id = any(@Ids) and {Visible.RowsOfConstituents}
            union all
            select distinct r.id, coalesce(i.root_id, i.id), 'subject', 1, '', 2
            from ticketing.reports r
            join ticketing.reports m on m.sender = r.sender and m.subject = r.subject and m.id <> r.id and m.received_at > r.received_at - interval '14 days'
            join ticketing.incidents i on i.id = m.incident_id
            where r.id = any(@Ids) and r.sender <> '' and {Visible.RowsOfConstituents}
        )
        select h.report_id, m.number, m.title, sum(h.score)::int as score, (array_agg(h.reason order by h.score desc))[1] as reason, max(h.many) as many, max(h.example) as example
        from hits h
        join ticketing.incidents m on m.id = h.root
        where m.closed_at is null and {Visible.RowsOfConstituents}
        group by h.report_id, m.number, m.title
        order by h.report_id, score desc, m.number desc
        """;

    /// <summary>At most three for each report, the likeliest first.</summary>
    public static async Task<ILookup<Guid, Suggestion>> ForAsync(Database database, Viewer viewer, IReadOnlyList<Guid> reports, CancellationToken cancel) =>
        (reports.Count == 0 ? [] : await database.QueryAsync<HitRow>(Find, Visible.With(viewer, new { Ids = reports.ToArray() }), cancel))
            .GroupBy(h => h.ReportId)
            .SelectMany(g => g.Take(MostEach))
            .ToLookup(h => h.ReportId, h => new Suggestion(h.Number, h.Title, h.Score, $"ticketing.suggest.{h.Reason}", h.Reason == "traces" ? [h.Many, h.Example] : []));

    private sealed class HitRow
    {
        public Guid ReportId { get; set; }

        public string Number { get; set; } = "";

        public string Title { get; set; } = "";

        public int Score { get; set; }

        public string Reason { get; set; } = "";

        public int Many { get; set; }

        public string Example { get; set; } = "";
    }
}
