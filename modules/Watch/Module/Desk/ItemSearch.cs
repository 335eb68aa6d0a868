using Appliance.Contracts;
using Appliance.Kernel.Modules;

namespace Appliance.Watch.Desk;

/// <summary>Items of the desk in the top bar's search.</summary>
internal sealed class ItemSearch(ListItems list) : ISearchSource
{
    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var found = await list.RunAsync(viewer, new("", Words: words, Limit: limit), cancel);
        return found.TryGet(out var page) ? [.. page.Items.Select(i => new SearchHit("watch.kind.item", i.Title, $"/watch?state=&item={i.Id}", i.ReceivedAt))] : [];
    }
}
