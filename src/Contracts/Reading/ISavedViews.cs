namespace Appliance.Contracts;

/// <summary>Filters, order and columns of a list under a name, for oneself or for all who may open the page.</summary>
public interface ISavedViews
{
    /// <summary>One's own and the shared views of <paramref name="page"/>, by name.</summary>
    Task<IReadOnlyList<SavedView>> ListAsync(Viewer viewer, string page, CancellationToken cancel);

    /// <summary>Keeps a view; one's own of the same name is replaced.</summary>
    Task<Outcome<Done>> SaveAsync(Viewer viewer, NewView view, CancellationToken cancel);

    /// <summary>Takes a view away: one's own, or a shared one by who may change settings.</summary>
    Task<Outcome<Done>> RemoveAsync(Viewer viewer, Guid id, CancellationToken cancel);
}

/// <summary>A view to keep.</summary>
/// <param name="Page">The page's path, without query.</param>
/// <param name="Name">1 to 80 characters.</param>
/// <param name="Query">The page's query with its question mark, or empty; at most 2,000 characters.</param>
/// <param name="Shared">True for all who may open the page.</param>
public sealed record NewView(string Page, string Name, string Query, bool Shared);

/// <summary>A saved view.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">As its owner typed it.</param>
/// <param name="Query">The page's query.</param>
/// <param name="Shared">True when all who may open the page have it.</param>
/// <param name="Owner">Who saved it.</param>
/// <param name="Removable">True when this viewer may take it away.</param>
public sealed record SavedView(Guid Id, string Name, string Query, bool Shared, string Owner, bool Removable);
