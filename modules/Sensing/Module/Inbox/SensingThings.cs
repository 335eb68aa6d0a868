using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Sensing.Inbox;

/// <summary>Names alert groups and assets by the paths of their pages.</summary>
internal sealed class SensingThings(Database database) : IThings
{
    private const string AlertPages = "/sense/alerts/";

    private const string AssetPages = "/sense/assets/";

    private const string Alerts =
        $"""
        select '{AlertPages}' || m.id as path, m.signature as title, m.tlp, m.pap, m.exercise
        from sensing.alert_groups m
        where m.id = any(@ids) and {Visible.RowsOfConstituents}
        """;

    public bool Owns(string path) => ThingPath.Id(path, AlertPages) is not null || Address(path) is not null;

    public async Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Read))
            return [];
        Guid[] ids = [.. paths.Select(static p => ThingPath.Id(p, AlertPages)).OfType<Guid>()];
        var alerts = await database.QueryAsync<ThingRow>(Alerts, Visible.With(viewer, new { ids }), cancel, 1);
        // What is known of an address is not marked, and its name is in the path already.
        var assets = paths.Where(static p => Address(p) is not null).Select(static p => new Thing(p, "sensing.kind.asset", Address(p)!, Marking.Default));
        return [.. alerts.Select(static r => r.Of("sensing.kind.alert")), .. assets];
    }

    private static string? Address(string path) =>
        ThingPath.Key(path, AssetPages) is { } key && IPAddress.TryParse(Uri.UnescapeDataString(key), out var address) ? address.ToString() : null;
}
