using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Sensing.Reporting;

/// <summary>What became of the groups of a period. What was taken back within its half minute was not done.</summary>
internal static class TriageCounts
{
    private const string Opened =
        $"""
        select 'opened' as kind, null as name, null as other, width_bucket(m.first_received, @Steps) as step, count(*)::float8 as now, 0::float8 as before, max(m.tlp) as tlp, max(m.pap) as pap
        from sensing.alert_groups m
        where m.last_received >= @From and m.first_received >= @From and m.first_received < @To and not m.exercise and {Visible.RowsOfConstituents}
        group by 4
        union all
        select 'opened-before', null, null, 0, 0, count(*)::float8, max(m.tlp), max(m.pap)
        from sensing.alert_groups m
        where m.last_received >= @BeforeFrom and m.first_received >= @BeforeFrom and m.first_received < @BeforeTo and not m.exercise and {Visible.RowsOfConstituents}
        """;

    private const string Done =
        $"""
        with acts as (
            select distinct h.group_id, h.action, h.at >= @From as is_now
            from sensing.group_history h
            where (h.at >= @From and h.at < @To or h.at >= @BeforeFrom and h.at < @BeforeTo) and h.action in ('escalated', 'closed')
              and not exists (select 1 from sensing.group_history u where u.group_id = h.group_id and u.action = 'undone' and u.at between h.at and h.at + interval '40 seconds')
        ), seen as materialized (
            select a.action, a.is_now, m.state, m.verdict, m.tlp, m.pap
            from acts a
            join sensing.alert_groups m on m.id = a.group_id
            where not m.exercise and {Visible.RowsOfConstituents}
        )
        select action as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap
        from seen group by action
        union all
        select 'verdict', case when state = 'closed' then coalesce(verdict, 'none') else 'reopened' end, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null
        from seen where action = 'closed' group by 2
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var parameters = ReportCounts.Over(viewer, period);
        var opened = await database.QueryAsync<ReportCount>(Opened, parameters, cancel);
        var done = await database.QueryAsync<ReportCount>(Done, parameters, cancel);
        return new(
            [
                new("sensing.report.groups.opened", opened.Sum(o => o.Now ?? 0), opened.Sum(o => o.Before ?? 0)),
                done.Number("escalated", "sensing.report.groups.escalated"),
                done.Number("closed", "sensing.report.groups.closed"),
            ],
            [done.Table("verdict", "sensing.report.verdicts", "sensing.report.verdict", v => $"sensing.verdict.{v}")],
            [new("sensing.report.groups.plot", ReportUnit.Count, [opened.Line(period, "opened", "sensing.report.groups.opened", "a")])],
            opened.Where(o => o.Now > 0 || o.Before > 0).Concat(done).Highest());
    }
}
