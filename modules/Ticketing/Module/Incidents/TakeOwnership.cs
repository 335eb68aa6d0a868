using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Incidents;

/// <summary>Takes an incident, or gives it back so that anyone may take it.</summary>
internal sealed record OwnershipRequest(IncidentId Incident, bool GiveBack = false);

/// <summary>Makes the viewer the owner. A new incident moves to triage with it: someone looks.</summary>
internal sealed class TakeOwnership(Database database, TicketingOptions options) : Act<OwnershipRequest, Done>(database)
{
    private const string Update =
        """
        update ticketing.incidents m
        set owner_id = @Owner, owner_name = @Name, state = @State, state_since = case when m.state = @State then m.state_since else @Now end,
            due_at = @Due, version = m.version + 1, changed_at = @Now, changed_by = @By
        where m.id = @Id
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, OwnershipRequest request, CancellationToken cancel)
    {
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (found.ClosedAt is not null)
            return Refuse.Conflict("ticketing.refused.closed", found.Number);
        if (!request.GiveBack && found.OwnerId == work.Viewer.Id.Value)
            return Refuse.Conflict("ticketing.refused.already-yours", found.Number);
        if (request.GiveBack && found.OwnerId is null)
            return Refuse.Conflict("ticketing.refused.no-owner", found.Number);
        var state = !request.GiveBack && found.State == IncidentStates.New ? IncidentStates.Triage : found.State;
        await work.ExecuteAsync(
            Update,
            new
            {
                found.Id,
                Owner = request.GiveBack ? (Guid?)null : work.Viewer.Id.Value,
                Name = request.GiveBack ? null : work.Viewer.Name,
                State = state,
                Due = state == found.State ? found.DueAt : IncidentStates.Due(options, state, found.Severity, work.Now),
                work.Now,
                By = work.Viewer.Name,
            },
            cancel);
        await new TimelineEntry(request.Incident, "owner") { Detail = new { from = found.OwnerName, to = request.GiveBack ? null : work.Viewer.Name } }.AddAsync(work, cancel);
        if (state != found.State)
            await new TimelineEntry(request.Incident, "state") { Detail = new { from = found.State, to = state }, Internal = false }.AddAsync(work, cancel);
        work.Audit("ticketing.incident.owned", found.Subject, new { found.Number, from = found.OwnerName, to = request.GiveBack ? null : work.Viewer.Name });
        return default(Done);
    }
}
