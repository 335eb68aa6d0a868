using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Tasks;

/// <summary>A step of a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Version">The version that the person saw.</param>
/// <param name="To">open, doing, done or skipped.</param>
/// <param name="Word">The result, or why it is skipped.</param>
internal sealed record TaskMove(Guid Task, int Version, string To, string Word = "");

/// <summary>Moves a task along <see cref="TaskRules.Steps"/>. Whoever does a task that nobody has, has it.</summary>
internal sealed class MoveTask(Database database) : Act<TaskMove, int>(database)
{
    private const string Update =
        """
        update ticketing.tasks
        set state = @To, version = version + 1, changed_at = @Now, changed_by = @By,
            ended_at = case when @Ends then @Now end,
            note = case when @To = 'done' then @Word when @To = 'open' then '' else note end,
            reason = case when @To = 'skipped' then @Word else '' end,
            assignee_id = case when @Takes then @ById else assignee_id end, assignee_name = case when @Takes then @By else assignee_name end,
            skip_act = null, skip_from = null
        where id = @Task
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, TaskMove request, CancellationToken cancel)
    {
        var word = (request.Word ?? "").Trim().Replace("\0", "", StringComparison.Ordinal);
        if (word.Length > TaskRules.LongestWord)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Word), TaskRules.LongestWord);
        var found = await TaskChange.FindAsync(work, request.Task, request.Version, cancel);
        if (!found.TryGet(out var row))
            return found.Refusals[0];
        if (TaskRules.From(row.State).FirstOrDefault(s => s.To == request.To) is not { } step)
            return Refuse.Conflict("ticketing.refused.no-step", row.State, request.To ?? "");
        if (step.NeedsReason && word.Length == 0)
            return Refuse.Invalid("ticketing.refused.reason", nameof(request.Word));
        await work.ExecuteAsync(
            Update,
            new
            {
                request.Task,
                step.To,
                Word = word,
                work.Now,
                By = work.Viewer.Name,
                ById = work.Viewer.Id.Value,
                Ends = TaskRules.IsEnd(step.To),
                Takes = row.AssigneeId is null && (step.To is TaskRules.Doing or TaskRules.Finished),
            },
            cancel);
        await TaskChange.TellAsync(work, row, "moved", word, step.To, cancel);
        return row.Version + 1;
    }
}
