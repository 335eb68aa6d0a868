using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Reporting;

namespace Appliance.Ticketing.Reporting;

/// <summary>What the shifts of a period told each other.</summary>
internal static class ShiftNotes
{
    private const string Count =
        $"""
        select 'written' as kind, null as name, null as other, 0 as step, (count(*) filter (where m.at >= @From))::float8 as now, (count(*) filter (where m.at < @From))::float8 as before, max(m.tlp) as tlp, max(m.pap) as pap
        from ticketing.handovers m
        where (m.at >= @From and m.at < @To or m.at >= @BeforeFrom and m.at < @BeforeTo) and not m.exercise and {Visible.Rows}
        union all
        select 'accepted', null, null, 0, (count(*) filter (where m.at >= @From))::float8, (count(*) filter (where m.at < @From))::float8, null, null
        from ticketing.handovers m
        where (m.at >= @From and m.at < @To or m.at >= @BeforeFrom and m.at < @BeforeTo) and m.accepted_at is not null and not m.exercise and {Visible.Rows}
        """;

    private const string Newest =
        $"""
        select m.at, m.by_name, m.accepted_name, m.text
        from ticketing.handovers m
        where m.at >= @From and m.at < @To and not m.exercise and {Visible.Rows}
        order by m.at desc
        limit @Most
        """;

    public static async Task<ReportPart> ReadAsync(Database database, Viewer viewer, ReportPeriod period, CancellationToken cancel)
    {
        var parameters = ReportCounts.Over(viewer, period);
        var rows = await database.QueryAsync<ReportCount>(Count, parameters, cancel);
        var notes = await database.QueryAsync<NoteRow>(Newest, parameters, cancel);
        return new(
            [rows.Number("written", "ticketing.report.shifts.written"), rows.Number("accepted", "ticketing.report.shifts.accepted")],
            [
                new("ticketing.report.shifts.notes", ["ticketing.report.shifts.at", "ticketing.report.shifts.by", "ticketing.report.shifts.to", "ticketing.report.shifts.text"],
                [
                    .. notes.Select(n => (IReadOnlyList<ReportCell>)
                    [
                        ReportCell.Of(n.At.ToUnixTimeSeconds(), ReportUnit.Moment), ReportCell.Of(n.ByName), ReportCell.Of(n.AcceptedName ?? "–"), ReportCell.Of(n.Text) with { IsLong = true },
                    ]),
                ]),
            ],
            [],
            rows.Highest());
    }

    private sealed class NoteRow
    {
        public DateTimeOffset At { get; init; }

        public string ByName { get; init; } = "";

        public string? AcceptedName { get; init; }

        public string Text { get; init; } = "";
    }
}
