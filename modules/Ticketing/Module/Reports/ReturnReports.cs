using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>Takes the decision on reports back, at any later time: they are new again. What an attached one brought leaves its incident with it, unless another report brought it too.</summary>
internal sealed class ReturnReports(Database database) : Act<IReadOnlyList<Guid>, ReportsAnswer>(database)
{
    private const string TakeTraces =
        """
        delete from ticketing.observables o
        using ticketing.report_observables r
        where r.report_id = @Id and o.incident_id = @Incident and o.source = 'report' and o.type = r.type and o.value = r.value
          and not exists (
            select 1 from ticketing.reports other
            join ticketing.report_observables b on b.report_id = other.id
            where other.incident_id = @Incident and other.id <> @Id and b.type = o.type and b.value = o.value)
        """;

    private const string TakeParty =
        """
        delete from ticketing.parties p
        where p.incident_id = @Incident and p.role = 'reporter' and p.address = lower(@Sender)
          and not exists (select 1 from ticketing.reports other where other.incident_id = @Incident and other.id <> @Id and lower(other.sender) = p.address)
        """;

    private const string TakeThread = "update ticketing.messages set incident_id = null where report_id = @Id";

    private const string Restore =
        "update ticketing.reports m set state = 'new', incident_id = null, suggested_id = coalesce(@Incident, m.suggested_id), reason = null, decided_by = null, decided_at = null where m.id = @Id";

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<ReportsAnswer>> HandleAsync(Work work, IReadOnlyList<Guid> request, CancellationToken cancel)
    {
        var ids = (request ?? []).Distinct().Order().ToList();
        if (ids.Count is 0 or > AttachReports.Most)
            return Refuse.Invalid("ticketing.refused.many-reports", "Reports", AttachReports.Most);
        var (done, left) = (new List<Guid>(), new List<LeftReport>());
        foreach (var id in ids)
        {
            var report = await ReportRow.LockAsync(work, id, cancel);
            if (report is null || report.State == "new")
                left.Add(new(id, report?.Subject ?? "", report is null ? Refuse.NotFound("ticketing.refused.no-report") : Refuse.Conflict("ticketing.refused.undecided")));
            else
            {
                await TakeOutAsync(work, report, cancel);
                work.Audit("ticketing.report.returned", $"report/{id}", new { was = report.State });
                done.Add(id);
            }
        }
        return done.Count == 0 ? Outcome<ReportsAnswer>.Refused([.. left.Select(l => l.Reason)]) : new ReportsAnswer(done, left);
    }

    /// <summary>Makes the report new again; its incident's timeline keeps that it was there and says that it left.</summary>
    internal static async Task TakeOutAsync(Work work, ReportRow report, CancellationToken cancel)
    {
        var parameters = new { report.Id, Incident = report.IncidentId, report.Sender };
        if (report.IncidentId is { } incident)
        {
            await work.ExecuteAsync(TakeTraces, parameters, cancel);
            await work.ExecuteAsync(TakeParty, parameters, cancel);
            await work.ExecuteAsync(TakeThread, parameters, cancel);
            await new TimelineEntry(new(incident), "report-left") { Detail = new { report = report.Id, subject = report.Subject, from = report.Sender, name = report.SenderName } }.AddAsync(work, cancel);
        }
        await work.ExecuteAsync(Restore, parameters, cancel);
    }
}
