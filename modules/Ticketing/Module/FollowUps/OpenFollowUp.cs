using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.FollowUps;

/// <summary>A question to a third party, or a measure.</summary>
/// <param name="Incident">The incident it serves.</param>
/// <param name="Kind">investigation or countermeasure.</param>
/// <param name="Title">What is asked, or what is done.</param>
/// <param name="Party">Whom we ask, or where it is put in place; may be empty.</param>
/// <param name="DueAt">When an answer or its removal is due, or null.</param>
internal sealed record FollowUpRequest(IncidentId Incident, string Kind, string Title, string Party = "", DateTimeOffset? DueAt = null);

/// <summary>Opens an investigation or plans a countermeasure for an incident.</summary>
internal sealed class OpenFollowUp(Database database) : Act<FollowUpRequest, Guid>(database)
{
    private const string Insert =
        """
        insert into ticketing.follow_ups (id, kind, state, title, party, due_at, opened_at, opened_by, changed_at, changed_by)
        values (@Id, @Kind, @State, @Title, @Party, @DueAt, @Now, @By, @Now, @By)
        """;

    internal const string Serve = "insert into ticketing.follow_up_incidents (follow_up_id, incident_id) values (@Id, @Incident) on conflict do nothing";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, FollowUpRequest request, CancellationToken cancel)
    {
        var (title, party) = ((request.Title ?? "").Trim(), (request.Party ?? "").Trim());
        var faults = new List<Refusal>();
        if (!FollowUpStates.Kinds.TryGetValue(request.Kind ?? "", out var state))
            faults.Add(Refuse.Invalid("ticketing.refused.follow-up-kind", nameof(request.Kind), request.Kind ?? ""));
        if (title.Length is 0 or > 300 || title.Any(char.IsControl))
            faults.Add(Refuse.Invalid("ticketing.refused.title", nameof(request.Title)));
        if (party.Length > 300 || party.Any(char.IsControl))
            faults.Add(Refuse.Invalid("ticketing.refused.text-long", nameof(request.Party), 300));
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var id = Guid.CreateVersion7();
        await work.ExecuteAsync(Insert, new { Id = id, request.Kind, State = state, Title = title, Party = party, DueAt = request.DueAt?.ToUniversalTime(), work.Now, By = work.Viewer.Name }, cancel);
        await work.ExecuteAsync(Serve, new { Id = id, Incident = incident.Id }, cancel);
        await new TimelineEntry(incident.IncidentId, "follow-up") { Text = title, Detail = new { followUp = id, kind = request.Kind, to = state, party } }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, null, cancel);
        work.Audit("ticketing.follow-up.opened", incident.Subject, new { incident.Number, followUp = id, request.Kind });
        return id;
    }
}
