using Appliance.Contracts;

namespace Appliance.Ui.Layout;

/// <summary>Which entry of the rail a page belongs to.</summary>
public static class CurrentPlace
{
    /// <summary>The entry whose path is the longest whole-segment prefix of <paramref name="path"/>; the home page only matches itself.</summary>
    public static NavigationLink? Find(IReadOnlyList<NavigationLink> links, string path) =>
        links.Where(l => Contains(l.Path.Split('?')[0], path)).MaxBy(l => l.Path.Length);

    private static bool Contains(string entry, string path) =>
        path == entry || (entry.Length > 1 && path.StartsWith(entry.TrimEnd('/') + "/", StringComparison.Ordinal));
}
