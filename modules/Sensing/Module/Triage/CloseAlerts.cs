using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Closes groups with a verdict: <c>true</c>, <c>benign</c> or <c>false</c>.</summary>
internal sealed record CloseAlertsRequest(GroupSelection Groups, string Verdict = "benign", string? Reason = null);

/// <summary>Closes groups. Alerts that come later form a new group.</summary>
internal sealed class CloseAlerts(Database database, SensingBell bell) : TriageAct<CloseAlertsRequest>(database, bell)
{
    private const string Sql =
        """
        update sensing.alert_groups set
            state = 'closed', live = false, verdict = @Verdict, reason = @reason, snoozed_until = null, closed_by_rule = null
        where id = any(@ids)
        """;

    protected override string Action => "closed";

    protected override GroupSelection SelectionOf(CloseAlertsRequest request) => request.Groups;

    protected override Refusal? Check(Work work, CloseAlertsRequest request)
    {
        if (request.Verdict is not ("true" or "benign" or "false"))
            return Refuse.Invalid("sensing.refused.verdict", "verdict", request.Verdict);
        return request.Reason?.Length > 500 ? Refuse.Invalid("sensing.refused.too-long", "reason", 500) : null;
    }

    protected override Refusal? Forbids(LockedGroup group) => group.State switch
    {
        "closed" => Refuse.Conflict("sensing.refused.closed-already"),
        "escalated" => Refuse.Conflict("sensing.refused.has-incident", group.IncidentNumber ?? "—"),
        _ => null,
    };

    protected override string Note(CloseAlertsRequest request) =>
        string.IsNullOrWhiteSpace(request.Reason) ? request.Verdict : $"{request.Verdict}: {request.Reason.Trim()}";

    protected override Task ChangeAsync(Work work, CloseAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel) =>
        work.ExecuteAsync(
            Sql,
            new { ids = groups.Select(g => g.Id).ToArray(), request.Verdict, reason = string.IsNullOrWhiteSpace(request.Reason) ? null : request.Reason.Trim() },
            cancel);
}
