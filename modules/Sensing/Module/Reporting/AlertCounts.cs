using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Sensing.Reporting;

/// <summary>Alerts of a period: whole hours from the roll-up, the parts of an hour at its edges from the alerts themselves, so that a day that begins at a quarter past is counted exactly.</summary>
/// <remarks>The plot puts an hour into the step in which it begins.</remarks>
internal static class AlertCounts
{
    private const string Sql =
        $"""
        with counted as (
            select h.group_id, width_bucket(h.hour, @Steps) as step, sum(h.alerts) as alerts
            from sensing.group_hours h
            where h.hour >= @WholeFrom and h.hour < @WholeTo or h.hour >= @BeforeWholeFrom and h.hour < @BeforeWholeTo
            group by 1, 2
            union all
            select m.group_id, width_bucket(m.received_at, @Steps), count(*)
            from sensing.alerts m
            where (m.received_at >= @From and m.received_at < @HeadTo or m.received_at >= @TailFrom and m.received_at < @To
                or m.received_at >= @BeforeFrom and m.received_at < @BeforeHeadTo or m.received_at >= @BeforeTailFrom and m.received_at < @BeforeTo)
              and not m.exercise and {Visible.Rows}
            group by 1, 2
        ), seen as materialized (
            select m.severity, m.gid, m.sid, m.signature, m.src, m.closed_by_rule, m.tlp, m.pap, c.step,
                case when c.step > 0 then c.alerts else 0 end as now, case when c.step = 0 then c.alerts else 0 end as before
            from counted c
            join sensing.alert_groups m on m.id = c.group_id
            where not m.exercise and {Visible.RowsOfConstituents}
        )
        select 'severity' as kind, severity::text as name, null as other, 0 as step, sum(now)::float8 as now, sum(before)::float8 as before, max(tlp) as tlp, max(pap) as pap
        from seen group by severity
        union all
        select 'step', severity::text, null, step, sum(now)::float8, 0, null, null from seen where step > 0 group by severity, step
        union all
        (select 'signature', max(signature), gid || ':' || sid, 0, sum(now)::float8, sum(before)::float8, null, null from seen group by gid, sid having sum(now) > 0 order by sum(now) desc, sid limit @Most)
        union all
        (select 'source', host(src), null, 0, sum(now)::float8, sum(before)::float8, null, null from seen where src is not null group by src having sum(now) > 0 order by sum(now) desc, src limit @Most)
        union all
        (select 'rule', coalesce(nullif(r.signature, ''), r.reason), r.author_name, 0, sum(s.now)::float8, sum(s.before)::float8, null, null
         from seen s join sensing.auto_close_rules r on r.id = s.closed_by_rule
         group by r.id having sum(s.now) > 0 order by sum(s.now) desc, r.id limit @Most)
        union all
        select 'by-rule', null, null, 0, sum(now)::float8, sum(before)::float8, null, null from seen where closed_by_rule is not null
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var (now, before) = (Edges.Of(period.From, period.To), Edges.Of(period.BeforeFrom, period.BeforeTo));
        var own = new
        {
            now.WholeFrom,
            now.WholeTo,
            now.HeadTo,
            now.TailFrom,
            BeforeWholeFrom = before.WholeFrom,
            BeforeWholeTo = before.WholeTo,
            BeforeHeadTo = before.HeadTo,
            BeforeTailFrom = before.TailFrom,
        };
        var rows = await database.QueryAsync<ReportCount>(Sql, ReportCounts.Over(viewer, period, own), cancel);
        return new(
            [
                rows.Number("severity", "sensing.report.alerts.all"),
                .. Enumerable.Range(1, 4).Select(s => rows.Where(r => r.Name == Word(s)).Number("severity", $"sensing.severity.{s}")),
                rows.Number("by-rule", "sensing.report.alerts.by-rule"),
            ],
            [
                rows.Table("signature", "sensing.report.signatures", "sensing.report.signature"),
                rows.Table("source", "sensing.report.sources", "sensing.report.source"),
                rows.Table("rule", "sensing.report.rules", "sensing.report.rule"),
            ],
            [
                new("sensing.report.alerts.plot", ReportUnit.Count,
                [
                    rows.Line(period, "step", "sensing.severity.1", "high", "1"),
                    rows.Line(period, "step", "sensing.severity.2", "medium", "2"),
                    rows.Line(period, "step", "sensing.severity.3", "low", "3"),
                    rows.Line(period, "step", "sensing.severity.4", "informational", "4"),
                ]),
            ],
            rows.Highest());
    }

    private static string Word(int severity) => severity.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A period cut into the whole hours that roll-ups hold and the rests at its ends.</summary>
/// <param name="WholeFrom">First whole hour.</param>
/// <param name="WholeTo">End of the last whole hour; not after <paramref name="WholeFrom"/> where there is none.</param>
/// <param name="HeadTo">End of the rest at the beginning.</param>
/// <param name="TailFrom">Beginning of the rest at the end.</param>
internal sealed record Edges(DateTime WholeFrom, DateTime WholeTo, DateTime HeadTo, DateTime TailFrom)
{
    public static Edges Of(DateTimeOffset from, DateTimeOffset to)
    {
        var (low, high) = (from.UtcTicks, to.UtcTicks);
        var (first, last) = ((low + TimeSpan.TicksPerHour - 1) / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, high / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour);
        return new(Utc(first), Utc(last), Utc(Math.Min(first, high)), Utc(Math.Max(first, last)));
    }

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);
}
