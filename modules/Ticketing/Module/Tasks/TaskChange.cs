using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>What every change of one task has in common: it is found and locked, a version that somebody else wrote meanwhile is not overwritten, and its timeline and the audit trail tell it.</summary>
internal static class TaskChange
{
    private const string Find = $"{TaskRow.Select}\n  and k.id = @Task";

    private const string Lock = "select k.id from ticketing.tasks k where k.id = @Task for update";

    /// <summary>The task, locked with its incident, at the version that its editor saw; null for any.</summary>
    public static async Task<Outcome<TaskRow>> FindAsync(Work work, Guid task, int? version, CancellationToken cancel)
    {
        var parameters = Visible.With(work.Viewer, new { Task = task });
        var found = work.Viewer.Constituent is null ? await work.FindAsync<TaskRow>(Find, parameters, cancel) : null;
        // The incident is locked first, as by those who close it.
        if (found is null || await IncidentRow.LockAsync(work, new(found.IncidentId), cancel) is null)
            return Refuse.NotFound("ticketing.refused.no-task");
        await work.ExecuteAsync(Lock, new { Task = task }, cancel);
        found = (await work.FindAsync<TaskRow>(Find, parameters, cancel))!;
        if (version is { } seen && found.Version != seen)
            return Refuse.Changed("ticketing.refused.task-changed", found.ChangedBy, found.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        return found;
    }

    /// <summary>Tells what became of the task, in the timeline of its own incident.</summary>
    /// <param name="work">The act.</param>
    /// <param name="row">The task before.</param>
    /// <param name="what">added, moved, edited or given.</param>
    /// <param name="text">What its person said.</param>
    /// <param name="to">Its state, or who does it now.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task TellAsync(Work work, TaskRow row, string what, string text, string? to, CancellationToken cancel)
    {
        await new TimelineEntry(new(row.IncidentId), "task") { Text = text, Detail = Facts(row.Id, row.Words(), what, row.State, to) }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, new(row.IncidentId), null, cancel);
        work.Audit($"ticketing.task.{what}", $"incident/{row.IncidentId}", new { row.Number, task = row.Id, from = what == "moved" ? row.State : null, to });
    }

    /// <summary>The facts of an entry about a task; its titles stand there in all their languages.</summary>
    public static object Facts(Guid task, IReadOnlyDictionary<string, StepText> texts, string what, string from, string? to) =>
        new { task, what, from, to, titles = texts.ToDictionary(t => t.Key, t => t.Value.Title) };
}
