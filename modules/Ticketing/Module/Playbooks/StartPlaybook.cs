using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A playbook for an incident.</summary>
internal sealed record StartRequest(IncidentId Incident, Guid Playbook);

/// <summary>What a start made.</summary>
/// <param name="Run">The start itself.</param>
/// <param name="Tasks">How many tasks.</param>
internal sealed record PlaybookStarted(Guid Run, int Tasks);

/// <summary>Starts a playbook: each step becomes a task of the incident, a copy of its own. Several may run; the same one only once at a time.</summary>
internal sealed class StartPlaybook(Database database, IncidentClocks clocks) : Act<StartRequest, PlaybookStarted>(database)
{
    private const string Insert =
        "insert into ticketing.playbook_runs (id, incident_id, playbook_id, version, names, at, by_name) values (@Run, @Incident, @Playbook, @Version, @Names::jsonb, @Now, @By)";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<PlaybookStarted>> HandleAsync(Work work, StartRequest request, CancellationToken cancel)
    {
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (await PlaybookShelf.FindAsync(work, request.Playbook, cancel) is not { } playbook)
            return Refuse.NotFound("ticketing.refused.no-playbook");
        var name = InLanguage.Of(playbook.Fields.Names);
        if (incident.ClosedAt is not null)
            return Refuse.Conflict("ticketing.refused.closed", incident.Number);
        if (playbook.RetiredAt is not null)
            return Refuse.Conflict("ticketing.refused.playbook-retired", name);
        if ((await work.QueryAsync<Guid>(SuggestPlaybooks.Running, Visible.With(work.Viewer, new { incident.Id }), cancel)).Contains(playbook.Id))
            return Refuse.Conflict("ticketing.refused.playbook-runs", name, incident.Number);
        var run = Guid.CreateVersion7();
        await work.ExecuteAsync(Insert, new { Run = run, Incident = incident.Id, Playbook = playbook.Id, playbook.Version, Names = JsonSerializer.Serialize(playbook.Fields.Names, OutboxJson.Options), work.Now, By = work.Viewer.Name }, cancel);
        var tasks = playbook.Fields.Steps.Select(s => new NewTask(s.Texts, s.Who, s.DueMinutes)).ToList();
        if (await NewTask.AddAllAsync(work, incident, run, tasks, clocks, cancel) is { } refusal)
            return refusal;
        await new TimelineEntry(incident.IncidentId, "playbook") { Detail = new { run, playbook = playbook.Id, playbook.Version, names = playbook.Fields.Names, tasks = tasks.Count } }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, null, cancel);
        work.Audit("ticketing.playbook.started", incident.Subject, new { incident.Number, playbook = playbook.Id, playbook.Version, run, tasks = tasks.Count });
        return new PlaybookStarted(run, tasks.Count);
    }
}
