using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Incidents;

/// <summary>A step of an incident's life.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="From">The state the person saw: someone else's step in between is not undone by mistake.</param>
/// <param name="To">The next state.</param>
/// <param name="Reason">Why, where the step asks for it.</param>
/// <param name="Outcome">How it ended, when it is resolved or closed.</param>
/// <param name="OpenTasks">What becomes of unfinished tasks when it is closed: skip or keep.</param>
internal sealed record StateRequest(IncidentId Incident, string From, string To, string? Reason = null, string? Outcome = null, string? OpenTasks = null);

/// <summary>Moves an incident along the steps of <see cref="IncidentStates"/>.</summary>
internal sealed class ChangeState(Database database, IncidentClocks clocks) : Act<StateRequest, Done>(database)
{
    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, StateRequest request, CancellationToken cancel)
    {
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (found.State != request.From)
            return Refuse.Conflict("ticketing.refused.state-moved", found.Number, found.ChangedBy);
        if (IncidentStates.Find(found.State, request.To) is null)
            return Refuse.Conflict("ticketing.refused.no-step", found.State, request.To);
        var change = new IncidentChange { State = request.To, Outcome = request.Outcome, Reason = request.Reason, OpenTasks = request.OpenTasks };
        var faults = change.Faults(work.Now).ToList();
        if (faults.Count > 0)
            return Outcome<Done>.Refused(faults);
        var plan = change.Plan(found, work.Viewer, null, work.Now, clocks);
        if (!plan.TryGet(out var after))
            return Outcome<Done>.Refused(plan.Refusals);
        var closes = found.ClosedAt is null && after.ClosedAt is not null;
        var open = (await OpenTasks.ReadAsync(work, closes ? [found.Id] : [], cancel))[found.Id].ToList();
        if (OpenTasks.Why(found, open, request.OpenTasks) is { } why)
            return why;
        await IncidentChanges.ApplyAsync(work, [new(found, after)], request.Reason, cancel);
        if (request.OpenTasks == OpenTasks.Skip)
            await OpenTasks.SkipAsync(work, open, change.SkipReason(after), null, cancel);
        return default(Done);
    }
}
