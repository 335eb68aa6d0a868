using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Views;

/// <summary>Saved views in the database.</summary>
internal sealed class StoredViews(Database database, SaveView save, RemoveView remove) : ISavedViews
{
    private const string List =
        """
        select id, name, query, shared, owner_name, owner_id
        from kernel.saved_views
        where page = @Page and (owner_id = @Owner or shared)
        order by lower(name), id
        limit 200
        """;

    public async Task<IReadOnlyList<SavedView>> ListAsync(Viewer viewer, string page, CancellationToken cancel)
    {
        var all = viewer.May(KernelPermissions.ManageSettings);
        try
        {
            var rows = await database.QueryAsync<ViewRow>(List, new { Page = page, Owner = viewer.Id.Value }, cancel);
            return [.. rows.Select(r => new SavedView(r.Id, r.Name, r.Query, r.Shared, r.OwnerName, r.OwnerId == viewer.Id.Value || all))];
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            // The list below says what is wrong; its menu of views is no reason to say it twice.
            return [];
        }
    }

    public Task<Outcome<Done>> SaveAsync(Viewer viewer, NewView view, CancellationToken cancel) => save.RunAsync(viewer, view, cancel);

    public Task<Outcome<Done>> RemoveAsync(Viewer viewer, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel);

    private sealed record ViewRow(Guid Id, string Name, string Query, bool Shared, string OwnerName, Guid OwnerId);
}
