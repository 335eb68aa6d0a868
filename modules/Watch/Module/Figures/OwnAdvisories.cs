using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Watch.Figures;

/// <summary>The advisories that wait for one person: their own drafts, those of others to look over, and approved ones to publish.</summary>
internal sealed class OwnAdvisories(Database database) : IOwnWork
{
    private const string Select =
        $"""
        select '/watch/advisories/' || m.number as path, m.number || ' ' || m.title as title, m.state, m.changed_at as at, m.tlp, m.pap, m.exercise
        from watch.advisories m
        where {Visible.Rows}
          and (m.state = 'draft' and m.author_id = @viewer_id and @Writes
            or m.state = 'review' and m.author_id <> @viewer_id and @Approves
            or m.state = 'approved' and @Publishes)
        order by m.severity, m.changed_at
        limit @Limit
        """;

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.ReadAdvisories))
            return [];
        var own = new { Writes = viewer.May(Permissions.WriteAdvisories), Approves = viewer.May(Permissions.ApproveAdvisories), Publishes = viewer.May(Permissions.PublishAdvisories), Limit = limit };
        return [.. (await database.QueryAsync<WorkRow>(Select, Visible.With(viewer, own), cancel, 1)).Select(r => r.Of("watch.kind.advisory", "watch.work."))];
    }
}
