using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Reporting;

/// <summary>What Ticketing says in a report.</summary>
internal sealed class TicketingReport(Database database) : IReportParts
{
    private const string Incidents = "ticketing.report.incidents";
    private const string Shifts = "ticketing.report.shifts";
    private const string Times = "ticketing.report.times";
    private const string Received = "ticketing.report.received";

    public IReadOnlyList<ReportSection> Sections { get; } = [new(Shifts, Permissions.HandOver), new(Received, Permissions.Triage), new(Incidents, Permissions.Read), new(Times, Permissions.Read)];

    public Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel) => section switch
    {
        Shifts => ShiftNotes.ReadAsync(database, viewer, period, cancel),
        Received => ReceivedCounts.ReadAsync(database, viewer, period, cancel),
        Incidents => IncidentCounts.ReadAsync(database, viewer, period, cancel),
        Times => TimesTaken.ReadAsync(database, viewer, period, cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(section), section, "not a section of Ticketing"),
    };
}
