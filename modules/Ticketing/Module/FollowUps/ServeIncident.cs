using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.FollowUps;

/// <summary>One countermeasure for one more incident.</summary>
internal sealed record ServeRequest(Guid FollowUp, IncidentId Incident);

/// <summary>Says that a countermeasure serves another incident too: one block can end several attacks. An investigation belongs to one incident alone.</summary>
internal sealed class ServeIncident(Database database) : Act<ServeRequest, Done>(database)
{
    private const string Find =
        $"""
        select f.kind
        from ticketing.follow_ups f
        where f.id = @FollowUp and exists (
            select 1 from ticketing.follow_up_incidents s join ticketing.incidents m on m.id = s.incident_id where s.follow_up_id = f.id and {Visible.RowsOfConstituents})
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ServeRequest request, CancellationToken cancel)
    {
        var kind = await work.FindAsync<string>(Find, Visible.With(work.Viewer, new { request.FollowUp }), cancel);
        var incident = kind is null ? null : await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-follow-up");
        if (kind != FollowUpStates.Countermeasure)
            return Refuse.Conflict("ticketing.refused.one-incident");
        if (await work.ExecuteAsync(OpenFollowUp.Serve, new { Id = request.FollowUp, Incident = incident.Id }, cancel) == 0)
            return Refuse.Conflict("ticketing.refused.same", incident.Number);
        await new TimelineEntry(incident.IncidentId, "follow-up") { Detail = new { followUp = request.FollowUp, kind } }.AddAsync(work, cancel);
        work.Audit("ticketing.follow-up.served", incident.Subject, new { incident.Number, followUp = request.FollowUp });
        return default(Done);
    }
}
