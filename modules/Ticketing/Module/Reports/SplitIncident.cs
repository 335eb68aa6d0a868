using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>Two incidents that were taken for one.</summary>
/// <param name="Incident">The incident to split.</param>
/// <param name="Reports">Those of its reports that are about something else.</param>
/// <param name="Title">Title of the new incident.</param>
internal sealed record SplitRequest(IncidentId Incident, IReadOnlyList<Guid> Reports, string Title);

/// <summary>Splits an incident: some of its reports open one of their own, with their traces, threads and reporters; both are linked and say so.</summary>
internal sealed class SplitIncident(Database database, IncidentOpening opening) : Act<SplitRequest, IncidentRef>(database)
{
    private const string Relate =
        """
        insert into ticketing.links (from_id, to_id, kind, at, by_name)
        values (@From, @To, 'related', @Now, @By)
        on conflict (from_id, to_id) do nothing
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<IncidentRef>> HandleAsync(Work work, SplitRequest request, CancellationToken cancel)
    {
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var ids = (request.Reports ?? []).Distinct().Order().ToList();
        if (ids.Count is 0 or > AttachReports.Most)
            return Refuse.Invalid("ticketing.refused.many-reports", nameof(request.Reports), AttachReports.Most);
        var reports = new List<ReportRow>();
        foreach (var id in ids)
        {
            if (await ReportRow.LockAsync(work, id, cancel) is not { State: "attached" } report || report.IncidentId != incident.Id)
                return Refuse.Conflict("ticketing.refused.not-its-report", incident.Number);
            reports.Add(report);
        }
        var fields = new IncidentFields
        {
            Title = request.Title ?? "",
            Severity = incident.Severity,
            RsitType = incident.RsitType,
            Constituents = [.. incident.Constituents.Select(c => new ConstituentId(c))],
            Marking = incident.Marking(),
        }.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<IncidentRef>.Refused(faults);
        var opened = await opening.OpenAsync(work, new(fields, "report", incident.ConstituentNames) { FirstSeen = reports.Min(r => r.ReceivedAt), Detail = new { source = "report", split = incident.Number } }, cancel);
        foreach (var report in reports)
        {
            await ReturnReports.TakeOutAsync(work, report, cancel);
            await ReportDecision.JoinAsync(work, report, opened.Id, cancel);
        }
        await work.ExecuteAsync(Relate, new { From = opened.Id.Value, To = incident.Id, work.Now, By = work.Viewer.Name }, cancel);
        await TimelineEntry.AddAllAsync(
            work,
            [
                new TimelineEntry(incident.IncidentId, "split") { Detail = new { number = opened.Number, reports = reports.Count } },
                new TimelineEntry(opened.Id, "split") { Detail = new { number = incident.Number, reports = reports.Count } },
            ],
            cancel);
        work.Audit("ticketing.incident.split", incident.Subject, new { incident.Number, into = opened.Number, reports = reports.Count });
        return opened;
    }
}
