using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Recents;

namespace Appliance.Ticketing.Handover;

/// <summary>Handovers of others that nobody took over yet.</summary>
internal sealed class OwnHandovers(Database database) : IOwnWork
{
    private const string Select =
        $"""
        select '/tickets/handover' as path, m.by_name as title, 'waiting' as state, m.at, m.tlp, m.pap, m.exercise
        from ticketing.handovers m
        where m.accepted_at is null and m.by_id <> @viewer_id and {Visible.Rows}
        order by m.at
        limit @Limit
        """;

    public async Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel) => viewer.May(Permissions.HandOver)
        ? [.. (await database.QueryAsync<WorkRow>(Select, Visible.With(viewer, new { Limit = limit }), cancel, 1)).Select(r => r.Of("ticketing.kind.handover", "ticketing.handover."))]
        : [];
}
