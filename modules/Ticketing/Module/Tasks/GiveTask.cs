using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;

namespace Appliance.Ticketing.Tasks;

/// <summary>Who does a task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Version">The version that the person saw.</param>
/// <param name="To">A colleague or oneself; null for nobody by name.</param>
internal sealed record TaskGift(Guid Task, int Version, UserId? To = null);

/// <summary>Gives a task to a colleague who may read its incident, takes it, or puts it back; the colleague is told.</summary>
internal sealed class GiveTask(Database database, IStaff staff) : Act<TaskGift, int>(database)
{
    private const string Update = "update ticketing.tasks set assignee_id = @To, assignee_name = @Name, version = version + 1, changed_at = @Now, changed_by = @By where id = @Task";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, TaskGift request, CancellationToken cancel)
    {
        var found = await TaskChange.FindAsync(work, request.Task, request.Version, cancel);
        if (!found.TryGet(out var row))
            return found.Refusals[0];
        if (TaskRules.IsEnd(row.State))
            return Refuse.Conflict("ticketing.refused.task-ended", row.Read(work.Now).Title);
        if (row.AssigneeId == request.To?.Value)
            return Refuse.Conflict("ticketing.refused.same", row.Number);
        var name = request.To is { } self && self == work.Viewer.Id ? work.Viewer.Name : null;
        if (request.To is { } other && name is null)
        {
            if ((await staff.WhoMayAsync(work.Viewer, Permissions.Edit, cancel)).FirstOrDefault(s => s.Id == other) is not { } colleague)
                return Refuse.Invalid("ticketing.refused.no-colleague", nameof(request.To));
            if (!colleague.MayRead(row.Marking()))
                return Refuse.Invalid("ticketing.refused.may-not-read", nameof(request.To), colleague.Name, row.Number);
            name = colleague.Name;
            await work.TellAsync([new NewNotice(other, "ticketing.notice.task", $"incident/{row.IncidentId}", $"/tickets/{row.Number}", row.Number)], cancel);
        }
        await work.ExecuteAsync(Update, new { request.Task, To = request.To?.Value, Name = name, work.Now, By = work.Viewer.Name }, cancel);
        await TaskChange.TellAsync(work, row, "given", "", name ?? "", cancel);
        return row.Version + 1;
    }
}
