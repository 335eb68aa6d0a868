using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>A report that belongs to an incident.</summary>
/// <param name="Report">The report.</param>
/// <param name="Number">The incident's number.</param>
internal sealed record AttachRequest(Guid Report, string Number);

/// <summary>Attaches a report to an incident: many reports, one incident.</summary>
internal sealed class AttachReport(Database database) : Act<AttachRequest, IncidentRef>(database)
{
    private const string Find = $"select m.id from ticketing.incidents m where m.number = upper(@Number) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<IncidentRef>> HandleAsync(Work work, AttachRequest request, CancellationToken cancel)
    {
        var report = await ReportRow.LockAsync(work, request.Report, cancel);
        if (report is null)
            return Refuse.NotFound("ticketing.refused.no-report");
        if (report.State == "attached")
            return Refuse.Conflict("ticketing.refused.decided");
        var number = (request.Number ?? "").Trim();
        var id = await work.FindAsync<Guid?>(Find, Visible.With(work.Viewer, new { Number = number }), cancel);
        var incident = id is { } found ? await IncidentRow.LockAsync(work, new(found), cancel) : null;
        if (incident is null)
            return Refuse.Invalid("ticketing.refused.link-number", nameof(request.Number), number);
        await ReportDecision.JoinAsync(work, report, incident.IncidentId, cancel);
        // A report about a closed incident is news that someone must see.
        await TimelineEntry.TouchAsync(work, incident.IncidentId, incident.ClosedAt is null ? work.Now : null, cancel);
        work.Audit("ticketing.report.attached", $"report/{report.Id}", new { incident.Number });
        return new IncidentRef(incident.IncidentId, incident.Number);
    }
}
