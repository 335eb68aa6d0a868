using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Tasks;

/// <summary>Where a task stands.</summary>
/// <param name="Task">The task.</param>
/// <param name="Before">The task of the same incident that comes after it; null for the end.</param>
internal sealed record TaskPlace(Guid Task, Guid? Before = null);

/// <summary>Puts a task before another of its incident. Order is nobody's text: two at once leave one of the two orders.</summary>
internal sealed class PlaceTask(Database database) : Act<TaskPlace, Done>(database)
{
    private const string Order = "select k.id from ticketing.tasks k where k.incident_id = @IncidentId order by k.position, k.id for update";

    private const string Update = "update ticketing.tasks k set position = t.n from unnest(@Ids) with ordinality as t (id, n) where k.id = t.id";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, TaskPlace request, CancellationToken cancel)
    {
        var found = await TaskChange.FindAsync(work, request.Task, null, cancel);
        if (!found.TryGet(out var row))
            return found.Refusals[0];
        var order = (await work.QueryAsync<Guid>(Order, new { row.IncidentId }, cancel)).ToList();
        order.Remove(request.Task);
        var at = request.Before is { } before ? order.IndexOf(before) : order.Count;
        if (at < 0)
            return Refuse.Invalid("ticketing.refused.task-place", nameof(request.Before));
        order.Insert(at, request.Task);
        await work.ExecuteAsync(Update, new { Ids = order.ToArray() }, cancel);
        work.Audit("ticketing.task.placed", $"incident/{row.IncidentId}", new { row.Number, task = request.Task, before = request.Before });
        return default(Done);
    }
}
