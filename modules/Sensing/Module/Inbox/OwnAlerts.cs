using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Sensing.Inbox;

/// <summary>The open alert groups that one person took, the highest score first.</summary>
internal sealed class OwnAlerts(Database database) : IOwnWork
{
    private const string Select =
        $"""
        select '/sense/alerts/' || m.id as path, m.signature as title, m.state, m.last_received as at, m.tlp, m.pap, m.exercise
        from sensing.alert_groups m
        where m.owner_id = @viewer_id and m.state = 'open' and {Visible.RowsOfConstituents}
        order by m.score desc, m.last_received desc
        limit @limit
        """;

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel) => viewer.May(Permissions.Read)
        ? [.. (await database.QueryAsync<WorkRow>(Select, Visible.With(viewer, new { limit }), cancel, 1)).Select(static r => r.Of("sensing.kind.alert", "sensing.work."))]
        : [];
}
