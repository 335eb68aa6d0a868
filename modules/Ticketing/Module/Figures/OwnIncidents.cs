using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Ticketing.Figures;

/// <summary>The open incidents that one person owns, those due first on top; what they put aside stays away until its time.</summary>
internal sealed class OwnIncidents(Database database, TimeProvider time) : IOwnWork
{
    private const string Select =
        $"""
        select '/tickets/' || m.number as path, m.number || ' ' || m.title as title, m.state, m.changed_at as at, m.due_at as due, m.tlp, m.pap, m.exercise
        from ticketing.incidents m
        where m.owner_id = @viewer_id and m.closed_at is null and m.merged_into is null and (m.snoozed_until is null or m.snoozed_until <= @Now) and {Visible.RowsOfConstituents}
        order by m.due_at nulls last, m.severity desc, m.changed_at desc
        limit @Limit
        """;

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel) => viewer.May(Permissions.Read)
        ? [.. (await database.QueryAsync<WorkRow>(Select, Visible.With(viewer, new { Now = time.GetUtcNow(), Limit = limit }), cancel, 1)).Select(r => r.Of("ticketing.kind.incident", "ticketing.state."))]
        : [];
}
