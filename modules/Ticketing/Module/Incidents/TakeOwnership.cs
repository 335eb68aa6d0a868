using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Clocks;

namespace Appliance.Ticketing.Incidents;

/// <summary>Who works on an incident.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="GiveBack">True so that anyone may take it.</param>
/// <param name="Owner">A colleague; null for oneself.</param>
internal sealed record OwnershipRequest(IncidentId Incident, bool GiveBack = false, UserId? Owner = null);

/// <summary>Makes the viewer or a colleague the owner. A new incident moves to triage with it: someone looks.</summary>
internal sealed class TakeOwnership(Database database, IncidentClocks clocks, IStaff staff) : Act<OwnershipRequest, Done>(database)
{
    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, OwnershipRequest request, CancellationToken cancel)
    {
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var owner = request.Owner is { } wanted && wanted != work.Viewer.Id ? (await staff.WhoMayAsync(work.Viewer, Permissions.Edit, cancel)).FirstOrDefault(s => s.Id == wanted) : null;
        var change = request.GiveBack ? new IncidentChange { GiveBack = true } : new IncidentChange { Owner = request.Owner ?? work.Viewer.Id };
        var plan = change.Plan(found, work.Viewer, owner, work.Now, clocks);
        if (!plan.TryGet(out var after))
            return Outcome<Done>.Refused(plan.Refusals);
        await IncidentChanges.ApplyAsync(work, [new(found, after)], null, cancel);
        return default(Done);
    }
}
