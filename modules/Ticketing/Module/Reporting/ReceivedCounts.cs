using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Ticketing.Reporting;

/// <summary>What people and machines told the team, and what became of it.</summary>
internal static class ReceivedCounts
{
    private const string Sql =
        $"""
        with seen as materialized (
            select m.source, m.state, width_bucket(m.received_at, @Steps) as step, m.received_at >= @From as is_now, m.tlp, m.pap
            from ticketing.reports m
            where (m.received_at >= @From and m.received_at < @To or m.received_at >= @BeforeFrom and m.received_at < @BeforeTo) and not m.exercise and {Visible.RowsOfConstituents}
        )
        select 'received' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select state, null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by state
        union all
        select 'channel', source, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by source
        union all
        select 'received', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(Sql, ReportCounts.Over(viewer, period), cancel);
        return new(
            [
                rows.Number("received", "ticketing.report.received.all"),
                rows.Number("attached", "ticketing.report.received.attached"),
                rows.Number("rejected", "ticketing.report.received.rejected"),
                rows.Number("new", "ticketing.report.received.new"),
            ],
            [rows.Table("channel", "ticketing.report.by-channel", "ticketing.report.channel", s => $"ticketing.source.{s}")],
            [new("ticketing.report.received.plot", ReportUnit.Count, [rows.Line(period, "received", "ticketing.report.received.all", "a")])],
            rows.Highest());
    }
}
