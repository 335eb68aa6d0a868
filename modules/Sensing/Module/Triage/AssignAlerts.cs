using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Takes groups for oneself, or lets them go.</summary>
internal sealed record AssignAlertsRequest(GroupSelection Groups, bool ToMe = true);

/// <summary>Sets or clears the owner.</summary>
internal sealed class AssignAlerts(Database database, SensingBell bell) : TriageAct<AssignAlertsRequest>(database, bell)
{
    private const string Sql =
        "update sensing.alert_groups set owner_id = @owner::uuid, owner_name = @name::text where id = any(@ids)";

    protected override string Action => "assigned";

    protected override GroupSelection SelectionOf(AssignAlertsRequest request) => request.Groups;

    protected override Refusal? Forbids(LockedGroup group) =>
        group.State == "closed" ? Refuse.Conflict("sensing.refused.closed-already") : null;

    protected override Task ChangeAsync(Work work, AssignAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel) =>
        work.ExecuteAsync(
            Sql,
            new { ids = groups.Select(g => g.Id).ToArray(), owner = request.ToMe ? work.Viewer.Id.Value : (Guid?)null, name = request.ToMe ? work.Viewer.Name : null },
            cancel);
}
