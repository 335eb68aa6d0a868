using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Changes;

/// <summary>Something came from outside: the incident wakes and is due at once, whatever was waited for. For a merged one that is the incident it is part of.</summary>
internal static class News
{
    public static async Task TellAsync(Work work, IncidentId incident, IncidentClocks clocks, CancellationToken cancel)
    {
        if (await IncidentRow.LockAsync(work, incident, cancel) is not { } row)
            return;
        if (row.SnoozedUntil is not null && new IncidentChange { Wake = true }.Plan(row, work.Viewer, null, work.Now, clocks).TryGet(out var awake))
            await IncidentChanges.ApplyAsync(work, [new(row, awake)], null, cancel);
        await TimelineEntry.TouchAsync(work, row.IncidentId, row.ClosedAt is null ? work.Now : null, cancel);
    }
}
