using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>A task by hand.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="Title">One line, in the person's own language.</param>
/// <param name="Text">Plain instructions; may be empty.</param>
/// <param name="Who">owner, any, or a role such as role:analyst.</param>
/// <param name="DueMinutes">Working minutes from now, or null.</param>
internal sealed record TaskRequest(IncidentId Incident, string Title, string Text = "", string Who = TaskRules.Any, int? DueMinutes = null);

/// <summary>Adds a task to an incident, behind those that stand there.</summary>
internal sealed class AddTask(Database database, IncidentClocks clocks) : Act<TaskRequest, Guid>(database)
{
    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, TaskRequest request, CancellationToken cancel)
    {
        var (title, text, who) = ((request.Title ?? "").Trim(), (request.Text ?? "").Trim(), request.Who ?? "");
        var faults = new List<Refusal>();
        if (!TaskRules.IsText(title, text))
            faults.Add(Refuse.Invalid("ticketing.refused.task-text", nameof(request.Title), TaskRules.LongestTitle, TaskRules.LongestText));
        if (!TaskRules.IsWho(who))
            faults.Add(Refuse.Invalid("ticketing.refused.task-who", nameof(request.Who), who));
        if (!TaskRules.IsDue(request.DueMinutes))
            faults.Add(Refuse.Invalid("ticketing.refused.task-due", nameof(request.DueMinutes), TaskRules.MostMinutes));
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null || work.Viewer.Constituent is not null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (incident.ClosedAt is not null)
            return Refuse.Conflict("ticketing.refused.closed", incident.Number);
        var language = InLanguage.Writer;
        var texts = new Dictionary<string, StepText> { [language] = new(title, text) };
        var added = await NewTask.PutAsync(work, incident, null, [new(texts, who, request.DueMinutes)], clocks, cancel);
        if (!added.TryGet(out var ids))
            return added.Refusals[0];
        await new TimelineEntry(incident.IncidentId, "task") { Detail = TaskChange.Facts(ids[0], texts, "added", TaskRules.Open, null) }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, null, cancel);
        work.Audit("ticketing.task.added", incident.Subject, new { incident.Number, task = ids[0], who });
        return ids[0];
    }
}
