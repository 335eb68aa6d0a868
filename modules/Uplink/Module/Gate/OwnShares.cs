using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Uplink.Gate;

/// <summary>The shares that wait for one person's decision: those at the gate which they have not signed yet.</summary>
internal sealed class OwnShares(Database database) : IOwnWork
{
    private const string Select =
        $"""
        select '/share/outbox/' || m.id as path, m.number || ' ' || m.title as title, m.state, m.modified as at, m.tlp, m.pap, m.exercise
        from uplink.shares m
        where {Visible.Rows} and (m.state = 'pending' or m.state = 'signed' and m.signed_by is distinct from @viewer_id)
        order by m.modified
        limit @Limit
        """;

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel) => viewer.May(Permissions.ShareApprove)
        ? [.. (await database.QueryAsync<WorkRow>(Select, Visible.With(viewer, new { Limit = limit }), cancel, 1)).Select(r => r.Of("uplink.kind.share", "uplink.work."))]
        : [];
}
