using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Incidents;

/// <summary>A step of an incident's life.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="From">The state the person saw: someone else's step in between is not undone by mistake.</param>
/// <param name="To">The next state.</param>
/// <param name="Reason">Why, where the step asks for it.</param>
/// <param name="Outcome">How it ended, when it is resolved or closed.</param>
internal sealed record StateRequest(IncidentId Incident, string From, string To, string? Reason = null, string? Outcome = null);

/// <summary>Moves an incident along the steps of <see cref="IncidentStates"/>.</summary>
internal sealed class ChangeState(Database database, TicketingOptions options) : Act<StateRequest, Done>(database)
{
    private const string Update =
        """
        update ticketing.incidents m
        set state = @To, outcome = @Outcome, state_since = @Now, due_at = @Due, closed_at = @Closed, owner_id = coalesce(m.owner_id, @Owner), owner_name = coalesce(m.owner_name, @OwnerName),
            version = m.version + 1, changed_at = @Now, changed_by = @By
        where m.id = @Id
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, StateRequest request, CancellationToken cancel)
    {
        var reason = (request.Reason ?? "").Trim();
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (found.State != request.From)
            return Refuse.Conflict("ticketing.refused.state-moved", found.Number, found.ChangedBy);
        if (IncidentStates.Find(found.State, request.To) is not { } step)
            return Refuse.Conflict("ticketing.refused.no-step", found.State, request.To);
        var faults = new List<Refusal>();
        if (step.NeedsReason && reason.Length == 0)
            faults.Add(Refuse.Invalid("ticketing.refused.reason", nameof(request.Reason)));
        if (reason.Length > 2000)
            faults.Add(Refuse.Invalid("ticketing.refused.text-long", nameof(request.Reason), 2000));
        var ends = request.To is IncidentStates.Resolved or IncidentStates.Closed;
        var outcome = ends ? request.Outcome ?? found.Outcome : null;
        if (ends && (outcome is null || !IncidentStates.Outcomes.Contains(outcome)))
            faults.Add(Refuse.Invalid("ticketing.refused.outcome", nameof(request.Outcome)));
        if (faults.Count > 0)
            return Outcome<Done>.Refused(faults);
        var closed = request.To == IncidentStates.Closed;
        await work.ExecuteAsync(
            Update,
            new
            {
                found.Id,
                request.To,
                Outcome = outcome,
                work.Now,
                Due = IncidentStates.Due(options, request.To, found.Severity, work.Now),
                Closed = closed ? work.Now : (DateTimeOffset?)null,
                // Who moves an incident that nobody owns has taken it.
                Owner = work.Viewer.IsSystem ? (Guid?)null : work.Viewer.Id.Value,
                OwnerName = work.Viewer.IsSystem ? null : work.Viewer.Name,
                By = work.Viewer.Name,
            },
            cancel);
        await new TimelineEntry(request.Incident, "state") { Text = reason, Detail = new { from = found.State, to = request.To, outcome }, Internal = reason.Length > 0 }.AddAsync(work, cancel);
        if (closed)
            work.Publish(new IncidentClosed
            {
                Incident = request.Incident,
                Number = found.Number,
                Outcome = outcome!,
                FromAlerts = found.FromAlerts is { } group ? new AlertGroupId(group) : null,
                Marking = found.Marking(),
            });
        work.Audit("ticketing.incident.moved", found.Subject, new { found.Number, from = found.State, to = request.To, outcome });
        return default(Done);
    }
}
