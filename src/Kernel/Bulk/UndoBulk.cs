using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

/// <summary>Takes one's own act on many back, within a day of its end, by an act on many: part by part, the last first. What was changed since stays and is named.</summary>
internal sealed class UndoBulk(Database database, BulkCatalog catalog, BulkBell bell, IServiceProvider services) : Act<Guid, Guid>(database)
{
    private const string Find = $"select {BulkRow.Columns} from kernel.bulk_runs r where r.id = @Id and r.user_id = @User for update of r";

    private const string Insert =
        """
        insert into kernel.bulk_runs (id, user_id, act, title_key, said_key, argument, undo_of, state, total, started_at)
        select @Id, r.user_id, r.act, 'ui.undo', 'ui.bulk.undone', r.argument, r.id, 'running', (select sum(p.done) from kernel.bulk_parts p where p.run_id = r.id and p.undone_by is null), @Now
        from kernel.bulk_runs r
        where r.id = @Of
        """;

    private const string PutAway = "update kernel.bulk_runs set put_away_at = @Now where id = @Of";

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.FindAsync<BulkRow>(Find, new { Id = request, User = work.Viewer.Id.Value, Since = work.Now - BulkRow.Window }, cancel) is not { } run)
            return Refuse.NotFound("kernel.bulk.none");
        if (catalog.Find(services, run.Act) is not { TakesBack: true } act || !run.Undoable)
            return Refuse.Conflict("kernel.bulk.no-undo", (int)BulkRow.Window.TotalHours);
        if (!work.Viewer.May(act.Permission))
            return Refuse.Forbidden("kernel.refused.permission", act.Permission.Id);
        var id = Guid.CreateVersion7();
        await work.ExecuteAsync(Insert, new { Id = id, Of = request, work.Now }, cancel);
        // Its end was read: the line of the one that takes it back stands in its place.
        await work.ExecuteAsync(PutAway, new { Of = request, work.Now }, cancel);
        work.Audit("kernel.bulk.started", $"bulk/{id}", new { run.Act, undoOf = request });
        return id;
    }

    protected override Task CommittedAsync(Guid request, Guid answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }
}
