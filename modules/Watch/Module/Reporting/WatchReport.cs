using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Watch.Reporting;

/// <summary>What the watch says in a report: what came in and what it became; what was published and whom it reached.</summary>
internal sealed class WatchReport(Database database) : IReportParts
{
    private const string Desk = "watch.report.desk";
    private const string Advisories = "watch.report.advisories";

    private const string CountItems =
        $"""
        with seen as materialized (
            select m.state, m.source, m.matches > 0 as matched, width_bucket(m.received_at, @Steps) as step, m.received_at >= @From as is_now, m.tlp, m.pap
            from watch.items m
            where (m.received_at >= @From and m.received_at < @To or m.received_at >= @BeforeFrom and m.received_at < @BeforeTo) and not m.exercise and {Visible.Rows}
        )
        select 'items' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select 'matched', null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen where matched
        union all
        select state, null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by state
        union all
        (select 'source', source, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null
         from seen group by source having count(*) filter (where is_now) > 0 order by 5 desc, source limit @Most)
        union all
        select case when matched then 'step-matched' else 'step-other' end, null, null, step, count(*)::float8, 0, null, null from seen where is_now group by matched, step
        """;

    private const string CountPublished =
        $"""
        with seen as materialized (
            select m.advisory_id, m.revision, m.title, m.severity, m.published_at, width_bucket(m.published_at, @Steps) as step, m.published_at >= @From as is_now, m.tlp, m.pap
            from watch.advisory_revisions m
            where (m.published_at >= @From and m.published_at < @To or m.published_at >= @BeforeFrom and m.published_at < @BeforeTo) and not m.exercise and {Visible.Rows}
        )
        select case when revision = 1 then 'published' else 'updated' end as kind, null as name, null as other, 0 as step,
            (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap
        from seen group by 1
        union all
        (select 'advisory', s.title, a.number, s.severity, extract(epoch from s.published_at)::float8, 0, null, null
         from seen s join watch.advisories a on a.id = s.advisory_id where s.is_now order by s.published_at desc limit @Most)
        union all
        select 'step', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    private const string CountMessages =
        $"""
        select case when d.state = 'sent' then 'sent' when d.state in ('failed', 'unknown') then 'failed' else 'waiting' end as kind, null as name, null as other, 0 as step,
            (count(*) filter (where d.changed_at >= @From))::float8 as now, (count(*) filter (where d.changed_at < @From))::float8 as before, max(m.tlp) as tlp, max(m.pap) as pap
        from watch.deliveries d
        join watch.advisories m on m.id = d.advisory_id
        where (d.changed_at >= @From and d.changed_at < @To or d.changed_at >= @BeforeFrom and d.changed_at < @BeforeTo) and not m.exercise and {Visible.Rows}
        group by 1
        """;

    public IReadOnlyList<ReportSection> Sections { get; } = [new(Desk, Permissions.ReadItems), new(Advisories, Permissions.ReadAdvisories)];

    public Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel) => section switch
    {
        Desk => DeskAsync(viewer, period, cancel),
        Advisories => AdvisoriesAsync(viewer, period, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "not a section of the watch"),
    };

    private async Task<ReportPart> DeskAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(CountItems, ReportCounts.Over(viewer, period), cancel);
        return new(
            [
                rows.Number("items", "watch.report.items"),
                rows.Number("matched", "watch.report.matched"),
                rows.Number("kept", "watch.report.kept"),
                rows.Number("advisory", "watch.report.became-advisories"),
                rows.Number("ignored", "watch.report.ignored"),
                rows.Number("new", "watch.report.undecided"),
            ],
            [rows.Table("source", "watch.report.sources", "watch.report.source")],
            [new("watch.report.items.plot", ReportUnit.Count, [rows.Line(period, "step-matched", "watch.report.matched", "b"), rows.Line(period, "step-other", "watch.report.others", "a")])],
            rows.Highest());
    }

    private async Task<ReportPart> AdvisoriesAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var parameters = ReportCounts.Over(viewer, period);
        var published = await database.QueryAsync<ReportCount>(CountPublished, parameters, cancel);
        var messages = await database.QueryAsync<ReportCount>(CountMessages, parameters, cancel);
        return new(
            [
                published.Number("published", "watch.report.published"),
                published.Number("updated", "watch.report.updated"),
                messages.Number("sent", "watch.report.sent"),
                messages.Number("failed", "watch.report.failed"),
                messages.Number("waiting", "watch.report.waiting"),
            ],
            [
                new("watch.report.advisories.table", ["watch.report.advisory", "watch.report.number", "watch.report.severity", "watch.report.when"],
                [
                    .. published.Where(p => p.Kind == "advisory").Select(p => (IReadOnlyList<ReportCell>)[ReportCell.Of(p.Name), ReportCell.Of(p.Other), ReportCell.Word($"watch.severity.{p.Step}"), ReportCell.Of(p.Now, ReportUnit.Moment)]),
                ]),
            ],
            [new("watch.report.published.plot", ReportUnit.Count, [published.Line(period, "step", "watch.report.published", "a")])],
            published.Concat(messages).Highest());
    }
}
