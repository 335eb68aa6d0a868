using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Ticketing.Reporting;

/// <summary>
/// How long things took, by the clock on the wall: until an incident was taken up and until the first word left, of those opened in the period; until it was closed, of those closed in it.
/// The median and the time within which nine of ten were done.
/// </summary>
internal static class TimesTaken
{
    private const string Sql =
        $"""
        with opened as materialized (
            select m.opened_at >= @From as is_now, width_bucket(m.opened_at, @Steps) as step, m.tlp, m.pap,
                extract(epoch from m.taken_at - m.opened_at) / 60 as taken,
                extract(epoch from (select min(t.at) from ticketing.timeline t where t.incident_id = m.id and t.kind = 'mail-out') - m.opened_at) / 60 as answered
            from ticketing.incidents m
            where (m.opened_at >= @From and m.opened_at < @To or m.opened_at >= @BeforeFrom and m.opened_at < @BeforeTo)
              and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        ), closed as materialized (
            select m.closed_at >= @From as is_now, width_bucket(m.closed_at, @Steps) as step, m.tlp, m.pap, extract(epoch from m.closed_at - m.opened_at) / 60 as closed
            from ticketing.incidents m
            where (m.closed_at >= @From and m.closed_at < @To or m.closed_at >= @BeforeFrom and m.closed_at < @BeforeTo)
              and m.merged_into is null and not m.exercise and {Visible.RowsOfConstituents}
        ), times as materialized (
            select 'taken' as kind, is_now, step, taken::float8 as minutes, tlp, pap from opened where taken is not null
            union all
            select 'answered', is_now, step, answered::float8, tlp, pap from opened where answered is not null
            union all
            select 'closed', is_now, step, closed::float8, tlp, pap from closed
        )
        select kind || '-half' as kind, null as name, null as other, 0 as step,
            percentile_cont(0.5) within group (order by minutes) filter (where is_now) as now, percentile_cont(0.5) within group (order by minutes) filter (where not is_now) as before, max(tlp) as tlp, max(pap) as pap
        from times group by kind
        union all
        select kind || '-most', null, null, 0, percentile_cont(0.9) within group (order by minutes) filter (where is_now), percentile_cont(0.9) within group (order by minutes) filter (where not is_now), null, null
        from times group by kind
        union all
        select kind, null, null, step, percentile_cont(0.5) within group (order by minutes), null, null, null from times where is_now group by kind, step
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(Sql, ReportCounts.Over(viewer, period), cancel);
        ReportNumber Of(string kind) => new($"ticketing.report.time.{kind}", rows.FirstOrDefault(r => r.Kind == kind)?.Now, rows.FirstOrDefault(r => r.Kind == kind)?.Before, ReportUnit.Minutes);
        ReportPlot Plot(string kind, string style) => new($"ticketing.report.time.{kind}.plot", ReportUnit.Minutes, [rows.Line(period, kind, $"ticketing.report.time.{kind}-half", style)]);
        return new(
            [Of("taken-half"), Of("taken-most"), Of("answered-half"), Of("answered-most"), Of("closed-half"), Of("closed-most")],
            [],
            [Plot("taken", "a"), Plot("closed", "c")],
            rows.Highest());
    }
}
