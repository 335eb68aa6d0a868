using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Ticketing.Reporting;

/// <summary>Incidents opened and closed in a period, and what was open at its end. An incident that was merged into another is not counted beside it.</summary>
internal static class IncidentCounts
{
    // A local type counts as the taxonomy's type that it stands below.
    private const string Opened =
        $"""
        with seen as materialized (
            select m.severity, regexp_replace(m.rsit_type, '^([^/]+/[^/]+)/.*$', '\1') as rsit_type, m.source, width_bucket(m.opened_at, @Steps) as step, m.opened_at >= @From as is_now, m.tlp, m.pap
            from ticketing.incidents m
            where (m.opened_at >= @From and m.opened_at < @To or m.opened_at >= @BeforeFrom and m.opened_at < @BeforeTo)
              and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        )
        select 'opened' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select 'severity', severity::text, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by severity
        union all
        (select 'type', rsit_type, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null
         from seen group by rsit_type having count(*) filter (where is_now) > 0 order by 5 desc, rsit_type limit @Most)
        union all
        select 'source', source, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by source
        union all
        select 'opened', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    private const string Closed =
        $"""
        with seen as materialized (
            select m.outcome, width_bucket(m.closed_at, @Steps) as step, m.closed_at >= @From as is_now, m.tlp, m.pap
            from ticketing.incidents m
            where (m.closed_at >= @From and m.closed_at < @To or m.closed_at >= @BeforeFrom and m.closed_at < @BeforeTo)
              and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        )
        select 'closed' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select 'outcome', coalesce(outcome, 'resolved'), null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by 2
        union all
        select 'closed', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    private const string Open =
        $"""
        select 'open' as kind, null as name, null as other, 0 as step,
            (count(*) filter (where m.opened_at < @To and (m.closed_at is null or m.closed_at >= @To)))::float8 as now,
            (count(*) filter (where m.opened_at < @BeforeTo and (m.closed_at is null or m.closed_at >= @BeforeTo)))::float8 as before,
            max(m.tlp) as tlp, max(m.pap) as pap
        from ticketing.incidents m
        where (m.closed_at is null or m.closed_at >= @BeforeTo) and m.opened_at < @To and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        union all
        select 'overdue', null, null, 0, count(*)::float8, null, null, null
        from ticketing.incidents m
        where (m.closed_at is null or m.closed_at >= @To) and m.opened_at < @To and m.due_at < @To and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var parameters = ReportCounts.Over(viewer, period);
        var rows = new List<ReportCount>();
        foreach (var sql in new[] { Opened, Closed, Open })
            rows.AddRange(await database.QueryAsync<ReportCount>(sql, parameters, cancel));
        return new(
            [
                rows.Number("opened", "ticketing.report.opened"),
                rows.Number("closed", "ticketing.report.closed"),
                rows.Number("open", "ticketing.report.open"),
                rows.Number("overdue", "ticketing.report.overdue") with { Before = null },
            ],
            [
                rows.Table("severity", "ticketing.report.by-priority", "ticketing.report.priority", s => int.TryParse(s, CultureInfo.InvariantCulture, out var severity) ? SeverityKey(severity) : s),
                rows.Table("type", "ticketing.report.by-type", "ticketing.report.type", t => $"ticketing.rsit.{t}"),
                rows.Table("source", "ticketing.report.by-source", "ticketing.report.channel", s => $"ticketing.source.{s}"),
                rows.Table("outcome", "ticketing.report.by-outcome", "ticketing.report.outcome", o => $"ticketing.outcome.{o}"),
            ],
            [
                new("ticketing.report.plot", ReportUnit.Count, [rows.Line(period, "opened", "ticketing.report.opened", "a"), rows.Line(period, "closed", "ticketing.report.closed", "c")]),
            ],
            rows.Highest());
    }

    private static string SeverityKey(int severity) => severity switch { 1 => "ui.severity.critical", 2 => "ui.severity.high", 3 => "ui.severity.medium", _ => "ui.severity.low" };
}
