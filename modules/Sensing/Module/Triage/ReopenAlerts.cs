using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Brings closed or snoozed groups back.</summary>
internal sealed record ReopenAlertsRequest(GroupSelection Groups);

/// <summary>Brings groups back into the inbox, unless newer alerts of the same kind already wait there.</summary>
internal sealed class ReopenAlerts(Database database, SensingBell bell) : TriageAct<ReopenAlertsRequest>(database, bell)
{
    private const string Sql =
        """
        update sensing.alert_groups set
            state = 'open', live = true, verdict = null, reason = null, snoozed_until = null, closed_by_rule = null
        where id = any(@ids)
        """;

    protected override string Action => "reopened";

    protected override GroupSelection SelectionOf(ReopenAlertsRequest request) => request.Groups;

    protected override Refusal? Forbids(LockedGroup group) => group.State switch
    {
        "open" => Refuse.Conflict("sensing.refused.open-already"),
        "escalated" => Refuse.Conflict("sensing.refused.has-incident", group.IncidentNumber ?? "—"),
        _ => group.Taken ? Refuse.Conflict("sensing.refused.newer-group") : null,
    };

    protected override Task ChangeAsync(Work work, ReopenAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel) =>
        work.ExecuteAsync(Sql, new { ids = groups.Select(g => g.Id).ToArray() }, cancel);
}
