using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Incidents;

/// <summary>Says that an incident is real: the fact goes to the gate, which decides whether it may leave.</summary>
internal sealed class ConfirmIncident(Database database) : Act<IncidentId, Done>(database)
{
    private const string Update =
        "update ticketing.incidents m set confirmed_at = @Now, version = m.version + 1, changed_at = @Now, changed_by = @By where m.id = @Id";

    private const string Observables =
        $"select o.type, o.value from ticketing.observables o where o.incident_id in {Members.OfId} group by o.type, o.value order by min(o.added_at), o.type, o.value";

    public override Permission Permission => Permissions.Confirm;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, IncidentId request, CancellationToken cancel)
    {
        var found = await IncidentRow.LockAsync(work, request, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (found.ConfirmedAt is not null)
            return Refuse.Conflict("ticketing.refused.confirmed", found.Number);
        if (found.Outcome is "false-positive" or "duplicate" or "out-of-scope")
            return Refuse.Conflict("ticketing.refused.closed", found.Number);
        var observables = await work.QueryAsync<Observable>(Observables, Visible.With(work.Viewer, new { found.Id }), cancel);
        await work.ExecuteAsync(Update, new { found.Id, work.Now, By = work.Viewer.Name }, cancel);
        await new TimelineEntry(found.IncidentId, "confirmed") { Detail = new { observables = observables.Count }, Internal = false }.AddAsync(work, cancel);
        work.Publish(new IncidentConfirmed
        {
            Incident = found.IncidentId,
            Number = found.Number,
            Title = found.Title,
            RsitType = Classification.Rsit.TypeOf(found.RsitType),
            Severity = found.Severity,
            Observables = observables,
            FirstSeen = found.FirstSeen,
            Marking = await Members.MarkingAsync(work, found, cancel),
        });
        work.Audit("ticketing.incident.confirmed", found.Subject, new { found.Number });
        return default(Done);
    }
}
