using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

/// <summary>Begins an act on many: stores who asked for what, and for which items. The worker does the rest.</summary>
internal sealed class StartBulk(Database database, BulkCatalog catalog, BulkBell bell, IServiceProvider services) : Act<BulkOrder, Guid>(database)
{
    /// <summary>Acts of one person at a time.</summary>
    internal const int MostAtOnce = 20;

    // Locks the person's row, so that two windows do not count at once.
    private const string Count =
        """
        with person as (select id from identity.users where id = @User for update)
        select (select count(*) from kernel.bulk_runs r where r.user_id = person.id and r.ended_at is null)::int from person
        """;

    private const string Insert =
        """
        insert into kernel.bulk_runs (id, user_id, act, title_key, said_key, argument, query, state, total, started_at)
        values (@Id, @User, @Act, @TitleKey, @SaidKey, @Argument::jsonb, @Query::jsonb, @State, @Total, @Now)
        """;

    private const string InsertItems = "insert into kernel.bulk_items (run_id, item) select @Id, i from unnest(@Items) as i";

    /// <summary>Whoever is signed in may ask; the right of the act itself is looked at below, and again at each part.</summary>
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, BulkOrder request, CancellationToken cancel)
    {
        if (catalog.Find(services, request.Act) is not { } act)
            return Refuse.NotFound("kernel.bulk.no-act", request.Act);
        if (!work.Viewer.May(act.Permission))
            return Refuse.Forbidden("kernel.refused.permission", act.Permission.Id);
        var items = request.Items.Distinct().ToArray();
        if (request.Query is null && items.Length is 0 or > BulkOrder.MostChosen)
            return Refuse.Invalid("kernel.bulk.chosen", nameof(request.Items), BulkOrder.MostChosen);
        if (act.Check(request.Argument, request.Query) is { Count: > 0 } faults)
            return Outcome<Guid>.Refused(faults);
        switch (await work.FindAsync<int?>(Count, new { User = work.Viewer.Id.Value }, cancel))
        {
            case null:
                return Refuse.Forbidden("kernel.bulk.person");
            case >= MostAtOnce:
                return Refuse.Conflict("kernel.bulk.too-many", MostAtOnce);
        }

        var id = Guid.CreateVersion7();
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id,
                User = work.Viewer.Id.Value,
                request.Act,
                request.TitleKey,
                request.SaidKey,
                Argument = request.Argument.GetRawText(),
                Query = request.Query?.GetRawText(),
                State = request.Query is null ? "running" : "choosing",
                Total = request.Query is null ? items.Length : 0,
                work.Now,
            },
            cancel);
        if (request.Query is null)
            await work.ExecuteAsync(InsertItems, new { Id = id, Items = items }, cancel);
        work.Audit("kernel.bulk.started", $"bulk/{id}", new { request.Act, request.Query, chosen = request.Query is null ? items.Length : (int?)null });
        return id;
    }

    protected override Task CommittedAsync(BulkOrder request, Guid answer, CancellationToken cancel)
    {
        bell.Ring();
        return Task.CompletedTask;
    }
}
