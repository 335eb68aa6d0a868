using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>The unfinished tasks that wait for one person by name, those due first on top.</summary>
internal sealed class OwnTasks(Database database) : IOwnWork
{
    private const string Select = $"{TaskRow.Select}\n  and {TaskRow.Unfinished} and {TaskRow.Mine}\norder by k.due_at nulls last, k.id\nlimit @Limit";

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel) => viewer.May(Permissions.Read) && viewer.Constituent is null
        ? [.. (await database.QueryAsync<TaskRow>(Select, Visible.With(viewer, new { Limit = limit }), cancel, 1)).Select(Item)]
        : [];

    private static WorkItem Item(TaskRow row) =>
        new("ticketing.kind.task", $"{row.Number} {InLanguage.Of(row.Words()).Title}", $"ticketing.task.state.{row.State}", $"/tickets/{row.Number}#task-{row.Id}", row.ChangedAt, row.DueAt, row.Marking());
}
