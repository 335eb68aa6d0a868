using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Views;

/// <summary>Keeps the filters of a list under a name. Anyone signed in may; the page itself checks who may open it.</summary>
internal sealed class SaveView(Database database) : Act<NewView, Done>(database)
{
    private const int Most = 50;

    private const string Count = "select count(*)::int from kernel.saved_views where owner_id = @Owner and page = @Page and name <> @Name";

    private const string Upsert =
        """
        insert into kernel.saved_views (id, page, owner_id, owner_name, name, query, shared, saved_at)
        values (@Id, @Page, @Owner, @OwnerName, @Name, @Query, @Shared, @Now)
        on conflict (owner_id, page, name) do update set query = excluded.query, shared = excluded.shared, saved_at = excluded.saved_at
        """;

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, NewView request, CancellationToken cancel)
    {
        var name = request.Name.Trim();
        if (name.Length is 0 or > 80 || name.Any(char.IsControl))
            return Refuse.Invalid("kernel.view.name", "name");
        if (request.Page is not ['/', not '/', ..] || request.Page.Length > 200 || request.Page.Contains('?', StringComparison.Ordinal))
            return Refuse.Invalid("kernel.view.page", "page");
        if (request.Query.Length > 2000 || (request.Query.Length > 0 && request.Query[0] != '?') || request.Query.Any(char.IsControl))
            return Refuse.Invalid("kernel.view.query", "query");
        var parameters = new
        {
            Id = Guid.CreateVersion7(),
            request.Page,
            Owner = work.Viewer.Id.Value,
            OwnerName = work.Viewer.Name,
            Name = name,
            request.Query,
            request.Shared,
            work.Now,
        };
        if (await work.FindAsync<int>(Count, parameters, cancel) >= Most)
            return Refuse.Conflict("kernel.view.many", Most);
        await work.ExecuteAsync(Upsert, parameters, cancel);
        work.Audit("kernel.view.saved", $"page{request.Page}", new { name, request.Query, request.Shared });
        return default(Done);
    }
}

/// <summary>Takes a saved view away.</summary>
internal sealed class RemoveView(Database database) : Act<Guid, Done>(database)
{
    private const string Delete =
        """
        delete from kernel.saved_views
        where id = @Id and (owner_id = @Owner or (shared and @Any))
        returning page || ' ' || name
        """;

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        var removed = await work.FindAsync<string>(Delete, new { Id = request, Owner = work.Viewer.Id.Value, Any = work.Viewer.May(KernelPermissions.ManageSettings) }, cancel);
        if (removed is null)
            return Refuse.NotFound("kernel.view.none");
        work.Audit("kernel.view.removed", $"view/{request}", new { view = removed });
        return default(Done);
    }
}
