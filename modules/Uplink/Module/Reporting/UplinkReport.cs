using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Uplink.Reporting;

/// <summary>What Share says in a report: what went through the gate, and what came from peers.</summary>
internal sealed class UplinkReport(Database database) : IReportParts
{
    private const string Shares = "uplink.report.shares";
    private const string Received = "uplink.report.received";

    private const string CountShares =
        $"""
        with seen as materialized (
            select 'arrived' as kind, m.arrived_at as at, m.tlp, m.pap from uplink.shares m
            where m.arrived_at >= @BeforeFrom and m.arrived_at < @To and not m.exercise and {Visible.Rows}
            union all
            select 'approved', m.approved_at, m.tlp, m.pap from uplink.shares m
            where m.approved_at >= @BeforeFrom and m.approved_at < @To and not m.exercise and {Visible.Rows}
            union all
            select m.state, m.closed_at, m.tlp, m.pap from uplink.shares m
            where m.state in ('returned', 'withdrawn') and m.closed_at >= @BeforeFrom and m.closed_at < @To and not m.exercise and {Visible.Rows}
        )
        select kind, null as name, null as other, 0 as step, (count(*) filter (where at >= @From))::float8 as now, (count(*) filter (where at < @BeforeTo))::float8 as before, max(tlp) as tlp, max(pap) as pap
        from seen where at >= @From or at < @BeforeTo group by kind
        union all
        select 'waiting', null, null, 0, count(*)::float8, null, max(m.tlp), max(m.pap) from uplink.shares m where m.state in ('pending', 'signed') and not m.exercise and {Visible.Rows}
        union all
        select 'step', null, null, width_bucket(at, @Steps), count(*)::float8, 0, null, null from seen where kind = 'approved' and at >= @From group by 4
        """;

    private const string CountReceived =
        $"""
        with seen as materialized (
            select p.name, m.state, width_bucket(m.received_at, @Steps) as step, m.received_at >= @From as is_now, m.tlp, m.pap
            from uplink.received m
            join uplink.peers p on p.id = m.peer_id
            where (m.received_at >= @From and m.received_at < @To or m.received_at >= @BeforeFrom and m.received_at < @BeforeTo) and m.state in ('new', 'accepted', 'refused', 'invalid') and not m.exercise and {Visible.Rows}
        )
        select 'received' as kind, null as name, null as other, 0 as step, (count(*) filter (where is_now))::float8 as now, (count(*) filter (where not is_now))::float8 as before, max(tlp) as tlp, max(pap) as pap from seen
        union all
        select case when state = 'invalid' then 'refused' else state end, null, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by 1
        union all
        (select 'peer', name, null, 0, (count(*) filter (where is_now))::float8, (count(*) filter (where not is_now))::float8, null, null from seen group by name having count(*) filter (where is_now) > 0 order by 5 desc, name limit @Most)
        union all
        select 'step', null, null, step, count(*)::float8, 0, null, null from seen where is_now group by step
        """;

    public IReadOnlyList<ReportSection> Sections { get; } = [new(Shares, Permissions.ShareRead), new(Received, Permissions.InboxRead)];

    public Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel) => section switch
    {
        Shares => SharesAsync(viewer, period, cancel),
        Received => ReceivedAsync(viewer, period, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "not a section of Share"),
    };

    private async Task<ReportPart> SharesAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(CountShares, ReportCounts.Over(viewer, period), cancel);
        return new(
            [
                rows.Number("arrived", "uplink.report.arrived"),
                rows.Number("approved", "uplink.report.approved"),
                rows.Number("returned", "uplink.report.returned"),
                rows.Number("withdrawn", "uplink.report.withdrawn"),
                rows.Number("waiting", "uplink.report.waiting") with { Before = null },
            ],
            [],
            [new("uplink.report.approved.plot", ReportUnit.Count, [rows.Line(period, "step", "uplink.report.approved", "a")])],
            rows.Highest());
    }

    private async Task<ReportPart> ReceivedAsync(Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var rows = await database.QueryAsync<ReportCount>(CountReceived, ReportCounts.Over(viewer, period), cancel);
        return new(
            [
                rows.Number("received", "uplink.report.received.all"),
                rows.Number("accepted", "uplink.report.received.accepted"),
                rows.Number("refused", "uplink.report.received.refused"),
                rows.Number("new", "uplink.report.received.new"),
            ],
            [rows.Table("peer", "uplink.report.peers", "uplink.report.peer")],
            [new("uplink.report.received.plot", ReportUnit.Count, [rows.Line(period, "step", "uplink.report.received.all", "a")])],
            rows.Highest());
    }
}
