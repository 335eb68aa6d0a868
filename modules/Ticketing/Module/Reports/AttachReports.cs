using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Reports;

/// <summary>Reports that belong to one incident.</summary>
/// <param name="Reports">At most 500.</param>
/// <param name="Number">The incident's number; one that was merged stands for the one it is part of.</param>
internal sealed record AttachManyRequest(IReadOnlyList<Guid> Reports, string Number);

/// <summary>What an act on several reports did.</summary>
internal sealed record ReportsAnswer(IReadOnlyList<Guid> Done, IReadOnlyList<LeftReport> Left, IncidentRef? Incident = null);

/// <summary>A report that an act left as it is.</summary>
internal sealed record LeftReport(Guid Report, string Subject, Refusal Reason);

/// <summary>Attaches reports to an incident: many reports, one incident. <see cref="ReturnReports"/> takes it back at any later time.</summary>
internal sealed class AttachReports(Database database, IncidentClocks clocks) : Act<AttachManyRequest, ReportsAnswer>(database)
{
    internal const int Most = 500;

    private const string Find = $"select m.id from ticketing.incidents m where m.number = upper(@Number) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<ReportsAnswer>> HandleAsync(Work work, AttachManyRequest request, CancellationToken cancel)
    {
        var ids = (request.Reports ?? []).Distinct().Order().ToList();
        if (ids.Count is 0 or > Most)
            return Refuse.Invalid("ticketing.refused.many-reports", nameof(request.Reports), Most);
        var number = (request.Number ?? "").Trim();
        var id = await work.FindAsync<Guid?>(Find, Visible.With(work.Viewer, new { Number = number }), cancel);
        var incident = id is { } found ? await IncidentRow.LockAsync(work, new(found), cancel) : null;
        if (incident is null)
            return Refuse.Invalid("ticketing.refused.link-number", nameof(request.Number), number);
        var (done, left) = (new List<Guid>(), new List<LeftReport>());
        foreach (var one in ids)
        {
            var report = await ReportRow.LockAsync(work, one, cancel);
            if (report is null || report.State == "attached")
            {
                left.Add(new(one, report?.Subject ?? "", report is null ? Refuse.NotFound("ticketing.refused.no-report") : Refuse.Conflict("ticketing.refused.decided")));
                continue;
            }
            await ReportDecision.JoinAsync(work, report, incident.IncidentId, cancel);
            work.Audit("ticketing.report.attached", $"report/{report.Id}", new { incident.Number });
            done.Add(one);
        }
        if (done.Count == 0)
            return Outcome<ReportsAnswer>.Refused([.. left.Select(l => l.Reason)]);
        await News.TellAsync(work, incident.IncidentId, clocks, cancel);
        return new ReportsAnswer(done, left, new(incident.IncidentId, incident.Number));
    }
}
