using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Watch.Advisories;

/// <summary>Names advisories by the paths of their pages.</summary>
internal sealed class AdvisoryThings(Database database) : IThings
{
    private const string Pages = "/watch/advisories/";

    private const string Select =
        $"""
        select '{Pages}' || m.number as path, m.number || ' ' || m.title as title, m.tlp, m.pap, m.exercise
        from watch.advisories m
        where m.number = any(@Numbers) and {Visible.Rows}
        """;

    public bool Owns(string path) => Number(path) is not null;

    public async Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel) => viewer.May(Permissions.ReadAdvisories)
        ? [.. (await database.QueryAsync<ThingRow>(Select, Visible.With(viewer, new { Numbers = paths.Select(Number).OfType<string>().ToArray() }), cancel, 1)).Select(r => r.Of("watch.kind.advisory"))]
        : [];

    // A number ends with a digit; the page of a new one does not.
    private static string? Number(string path) => ThingPath.Key(path, Pages) is [.., >= '0' and <= '9'] number ? number : null;
}
