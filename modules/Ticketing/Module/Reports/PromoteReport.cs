using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>A report that is a new incident.</summary>
/// <param name="Report">The report.</param>
/// <param name="Fields">What is written about the incident; the report's marking is the least that it gets.</param>
/// <param name="LeftOut">Traces of the report that are none of the incident's.</param>
internal sealed record PromoteRequest(Guid Report, IncidentFields Fields, IReadOnlyList<Observable>? LeftOut = null);

/// <summary>Opens an incident from a report; traces, thread and reporter come along.</summary>
internal sealed class PromoteReport(Database database, IncidentOpening opening, IConstituency constituency) : Act<PromoteRequest, IncidentRef>(database)
{
    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<IncidentRef>> HandleAsync(Work work, PromoteRequest request, CancellationToken cancel)
    {
        var report = await ReportRow.LockAsync(work, request.Report, cancel);
        if (report is null)
            return Refuse.NotFound("ticketing.refused.no-report");
        if (report.State == "attached")
            return Refuse.Conflict("ticketing.refused.decided");
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        var names = await ConstituentNames.ReadAsync(constituency, work.Viewer, fields.Constituents, cancel);
        faults.AddRange(names.Refusals);
        faults.AddRange(await LocalTypes.MissingAsync(work, [fields.RsitType], cancel));
        if (fields.Marking.Tlp < (Tlp)report.Tlp)
            faults.Add(Refuse.Invalid("ticketing.refused.marking-lower", nameof(fields.Marking), TlpLabel.Of((Tlp)report.Tlp)));
        if (faults.Count > 0)
            return Outcome<IncidentRef>.Refused(faults);
        var opened = await opening.OpenAsync(work, new(fields, "report", names.Value) { FirstSeen = report.ReceivedAt, Detail = new { source = "report", subject = report.Subject } }, cancel);
        await ReportDecision.JoinAsync(work, report, opened.Id, cancel, request.LeftOut);
        work.Audit("ticketing.report.promoted", $"report/{report.Id}", new { opened.Number, leftOut = request.LeftOut?.Count ?? 0 });
        return opened;
    }
}
