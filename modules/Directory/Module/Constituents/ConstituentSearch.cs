using Appliance.Contracts;
using Appliance.Kernel.Modules;

namespace Appliance.Directories.Constituents;

/// <summary>Organisations in the top bar's search: by name, domain, mail, or an address they hold.</summary>
internal sealed class ConstituentSearch(ListConstituents list) : ISearchSource
{
    public async Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel)
    {
        var found = await list.RunAsync(viewer, new(words, Limit: limit), cancel);
        return found.TryGet(out var page)
            ? [.. page.Items.Select(c => new SearchHit("directory.kind.constituent", c.Name, $"/directory/constituents/{c.Id}", c.ChangedAt))]
            : [];
    }
}
