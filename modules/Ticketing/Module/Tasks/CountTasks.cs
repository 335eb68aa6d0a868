using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Tasks;

/// <summary>The numbers beside the views of tasks.</summary>
internal sealed record TaskCounts(long Mine, long Role, long Open, long Overdue);

/// <summary>Counts unfinished tasks as this viewer may see them.</summary>
internal sealed class CountTasks(Database database, TimeProvider time) : Query<Done, TaskCounts>
{
    private const string Select =
        $"""
        select count(*) filter (where {TaskRow.Mine}) as mine, count(*) filter (where {ListTasks.OfRole}) as role, count(*) as open, count(*) filter (where k.due_at < @Now) as overdue
        {TaskRow.From}
          and {TaskRow.Unfinished}
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<TaskCounts>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        if (viewer.Constituent is not null)
            return new TaskCounts(0, 0, 0, 0);
        var counts = (await database.FindAsync<CountRow>(Select, Visible.With(viewer, new { Now = time.GetUtcNow(), Roles = ListTasks.RolesOf(viewer) }), cancel))!;
        return new TaskCounts(counts.Mine, counts.Role, counts.Open, counts.Overdue);
    }

    private sealed class CountRow
    {
        public long Mine { get; set; }

        public long Role { get; set; }

        public long Open { get; set; }

        public long Overdue { get; set; }
    }
}
