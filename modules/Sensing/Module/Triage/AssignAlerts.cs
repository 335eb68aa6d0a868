using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;
using Appliance.Sensing.Intake;

namespace Appliance.Sensing.Triage;

/// <summary>Takes groups for oneself, gives them to a colleague, or lets them go.</summary>
/// <param name="Groups">Which.</param>
/// <param name="ToMe">False, without a colleague, so that anyone may take them.</param>
/// <param name="To">A colleague; null for oneself.</param>
internal sealed record AssignAlertsRequest(GroupSelection Groups, bool ToMe = true, UserId? To = null);

/// <summary>Sets or clears the owner. A colleague must hold the right to triage, may read the group's marking, and is told.</summary>
internal sealed class AssignAlerts(Database database, SensingBell bell, IStaff staff) : TriageAct<AssignAlertsRequest>(database, bell)
{
    private const string Sql =
        "update sensing.alert_groups set owner_id = @owner::uuid, owner_name = @name::text where id = any(@ids)";

    protected override string Action => "assigned";

    protected override GroupSelection SelectionOf(AssignAlertsRequest request) => request.Groups;

    protected override Refusal? Forbids(LockedGroup group) =>
        group.State == "closed" ? Refuse.Conflict("sensing.refused.closed-already") : null;

    protected override async Task<Outcome<TriagePlan>> PlanAsync(Work work, AssignAlertsRequest request, CancellationToken cancel)
    {
        if (Colleague(work, request) is not { } wanted)
            return new TriagePlan(Forbids, "");
        if (await FindAsync(work, wanted, cancel) is not { } card)
            return Refuse.Conflict("sensing.refused.assign-who");
        return new TriagePlan(
            group => Forbids(group) ?? (card.MayRead(group.Marking with { Named = [.. group.Named.Select(n => new UserId(n))] }) ? null : Refuse.Conflict("sensing.refused.assign-marking", card.Name)),
            card.Name);
    }

    protected override async Task ChangeAsync(Work work, AssignAlertsRequest request, IReadOnlyList<LockedGroup> groups, CancellationToken cancel)
    {
        var card = Colleague(work, request) is { } wanted ? await FindAsync(work, wanted, cancel) : null;
        await work.ExecuteAsync(
            Sql,
            new
            {
                ids = groups.Select(g => g.Id).ToArray(),
                owner = card?.Id.Value ?? (request.ToMe ? work.Viewer.Id.Value : (Guid?)null),
                name = card?.Name ?? (request.ToMe ? work.Viewer.Name : null),
            },
            cancel);
        if (card is not null)
            await work.TellAsync(
                [groups.Count == 1
                    ? new(card.Id, "sensing.notice.assigned", $"alert-group/{groups[0].Id}", $"/sense/alerts/{groups[0].Id}")
                    : new(card.Id, "sensing.notice.assigned-many", "alert-groups/mine", "/sense/inbox?view=mine")],
                cancel);
    }

    private static UserId? Colleague(Work work, AssignAlertsRequest request) => request.To is { } to && to != work.Viewer.Id ? to : null;

    private async Task<StaffCard?> FindAsync(Work work, UserId wanted, CancellationToken cancel) =>
        (await staff.WhoMayAsync(work.Viewer, Permissions.Triage, cancel)).FirstOrDefault(s => s.Id == wanted);
}

/// <summary>The people to whom groups can be given.</summary>
internal sealed class ListTriagers(IStaff staff) : Query<Done, IReadOnlyList<StaffCard>>
{
    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<IReadOnlyList<StaffCard>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await staff.WhoMayAsync(viewer, Permissions.Triage, cancel)).ToArray();
}
