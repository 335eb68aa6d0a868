using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Uplink.Gate;

/// <summary>Names shares and what peers sent by the paths of their pages.</summary>
internal sealed class ShareThings(Database database) : IThings
{
    private const string SharePages = "/share/outbox/";

    private const string ReceivedPages = "/share/inbox/";

    private const string Shares =
        $"select '{SharePages}' || m.id as path, m.number || ' ' || m.title as title, m.tlp, m.pap, m.exercise from uplink.shares m where m.id = any(@Ids) and {Visible.Rows}";

    private const string Received =
        $"select '{ReceivedPages}' || m.id as path, m.title, m.tlp, m.pap, m.exercise from uplink.received m where m.id = any(@Ids) and {Visible.Rows}";

    public bool Owns(string path) => ThingPath.Id(path, SharePages) is not null || ThingPath.Id(path, ReceivedPages) is not null;

    public async Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        var shares = viewer.May(Permissions.ShareRead) ? await FindAsync(Shares, viewer, SharePages, paths, cancel) : [];
        var received = viewer.May(Permissions.InboxRead) ? await FindAsync(Received, viewer, ReceivedPages, paths, cancel) : [];
        return [.. shares.Select(r => r.Of("uplink.kind.share")), .. received.Select(r => r.Of("uplink.kind.received"))];
    }

    private Task<IReadOnlyList<ThingRow>> FindAsync(string sql, Viewer viewer, string pages, IReadOnlyList<string> paths, CancellationToken cancel) =>
        database.QueryAsync<ThingRow>(sql, Visible.With(viewer, new { Ids = paths.Select(p => ThingPath.Id(p, pages)).OfType<Guid>().ToArray() }), cancel, 1);
}
