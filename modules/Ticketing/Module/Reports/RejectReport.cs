using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Reports;

/// <summary>Reports that need nothing.</summary>
/// <param name="Reports">The reports.</param>
/// <param name="Reason">One line: noise, test, not ours.</param>
internal sealed record RejectRequest(IReadOnlyList<Guid> Reports, string Reason);

/// <summary>Rejects reports with a reason. They stay readable and can still be attached.</summary>
internal sealed class RejectReport(Database database) : Act<RejectRequest, int>(database)
{
    internal const string DeleteOld =
        """
        -- every row: retention looks at state and age alone
        delete from ticketing.reports r
        where r.id in (select c.id from ticketing.reports c where c.state = 'rejected' and c.decided_at < @before limit 1000)
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<int>> HandleAsync(Work work, RejectRequest request, CancellationToken cancel)
    {
        var reason = (request.Reason ?? "").Trim();
        if (reason.Length is 0 or > 500)
            return Refuse.Invalid("ticketing.refused.reason", nameof(request.Reason));
        if (request.Reports.Count is 0 or > 500)
            return Refuse.Invalid("ticketing.refused.no-report", nameof(request.Reports));
        var rejected = 0;
        foreach (var id in request.Reports.Distinct())
        {
            var report = await ReportRow.LockAsync(work, id, cancel);
            if (report is null)
                return Refuse.NotFound("ticketing.refused.no-report");
            if (report.State != "new")
                continue;
            await ReportDecision.SetAsync(work, id, "rejected", null, reason, cancel);
            work.Audit("ticketing.report.rejected", $"report/{id}", new { reason });
            rejected++;
        }
        return rejected > 0 ? rejected : Refuse.Conflict("ticketing.refused.decided");
    }
}
