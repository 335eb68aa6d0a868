using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>New words and times of a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Version">The version that its editor saw.</param>
/// <param name="Title">One line.</param>
/// <param name="Text">Plain instructions.</param>
/// <param name="Who">owner, any, or a role such as role:analyst.</param>
/// <param name="DueMinutes">Working minutes from now; null leaves the time as it is.</param>
/// <param name="NoDue">True for no time at all.</param>
internal sealed record TaskEdit(Guid Task, int Version, string Title, string Text = "", string Who = TaskRules.Any, int? DueMinutes = null, bool NoDue = false);

/// <summary>Changes a task, unless somebody else did so meanwhile. Words written for one incident stand for readers of every language: those of the playbook no longer fit.</summary>
internal sealed class EditTask(Database database, IncidentClocks clocks) : Act<TaskEdit, int>(database)
{
    private const string Severity =
        """
        -- every row: the clock of a visible task runs by the severity of its incident
        select m.severity from ticketing.incidents m where m.id = @IncidentId
        """;

    private const string Update = "update ticketing.tasks set texts = @Texts::jsonb, who = @Who, due_at = @Due, version = version + 1, changed_at = @Now, changed_by = @By where id = @Task";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, TaskEdit request, CancellationToken cancel)
    {
        var (title, text) = ((request.Title ?? "").Trim(), (request.Text ?? "").Trim());
        var faults = new List<Refusal>();
        if (!TaskRules.IsText(title, text))
            faults.Add(Refuse.Invalid("ticketing.refused.task-text", nameof(request.Title), TaskRules.LongestTitle, TaskRules.LongestText));
        if (!TaskRules.IsWho(request.Who))
            faults.Add(Refuse.Invalid("ticketing.refused.task-who", nameof(request.Who), request.Who ?? ""));
        if (!TaskRules.IsDue(request.DueMinutes))
            faults.Add(Refuse.Invalid("ticketing.refused.task-due", nameof(request.DueMinutes), TaskRules.MostMinutes));
        if (faults.Count > 0)
            return Outcome<int>.Refused(faults);
        var found = await TaskChange.FindAsync(work, request.Task, request.Version, cancel);
        if (!found.TryGet(out var row))
            return found.Refusals[0];
        var (before, words) = (row.Read(work.Now), row.Words());
        if (before.Title != title || before.Text != text)
            words = new Dictionary<string, StepText> { [InLanguage.Writer] = new(title, text) };
        var due = request.NoDue ? null : request.DueMinutes is { } minutes ? clocks.After(minutes, await work.FindAsync<int>(Severity, new { row.IncidentId }, cancel), work.Now) : row.DueAt;
        await work.ExecuteAsync(Update, new { request.Task, Texts = JsonSerializer.Serialize(words, OutboxJson.Options), request.Who, Due = due, work.Now, By = work.Viewer.Name }, cancel);
        await TaskChange.TellAsync(work, row, "edited", "", null, cancel);
        return row.Version + 1;
    }
}
