using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Reports;

/// <summary>Reports that need nothing.</summary>
/// <param name="Reports">At most 500.</param>
/// <param name="Reason">One line: noise, test, not ours.</param>
internal sealed record RejectRequest(IReadOnlyList<Guid> Reports, string Reason);

/// <summary>Rejects reports with a reason. They stay readable and can still be attached; <see cref="ReturnReports"/> takes it back.</summary>
internal sealed class RejectReport(Database database) : Act<RejectRequest, ReportsAnswer>(database)
{
    internal const string DeleteOld =
        """
        -- every row: retention looks at state and age alone
        delete from ticketing.reports r
        where r.id in (select c.id from ticketing.reports c where c.state = 'rejected' and c.decided_at < @before limit 1000)
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<ReportsAnswer>> HandleAsync(Work work, RejectRequest request, CancellationToken cancel)
    {
        var reason = (request.Reason ?? "").Trim();
        if (reason.Length is 0 or > 500)
            return Refuse.Invalid("ticketing.refused.reason", nameof(request.Reason));
        var ids = (request.Reports ?? []).Distinct().Order().ToList();
        if (ids.Count is 0 or > AttachReports.Most)
            return Refuse.Invalid("ticketing.refused.many-reports", nameof(request.Reports), AttachReports.Most);
        var (done, left) = (new List<Guid>(), new List<LeftReport>());
        foreach (var id in ids)
        {
            var report = await ReportRow.LockAsync(work, id, cancel);
            if (report is not { State: "new" })
            {
                left.Add(new(id, report?.Subject ?? "", report is null ? Refuse.NotFound("ticketing.refused.no-report") : Refuse.Conflict("ticketing.refused.decided")));
                continue;
            }
            await ReportDecision.SetAsync(work, id, "rejected", null, reason, cancel);
            work.Audit("ticketing.report.rejected", $"report/{id}", new { reason });
            done.Add(id);
        }
        return done.Count == 0 ? Outcome<ReportsAnswer>.Refused([.. left.Select(l => l.Reason)]) : new ReportsAnswer(done, left);
    }
}
