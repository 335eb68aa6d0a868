using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;
using Quartz;

namespace Appliance.Ticketing.Clocks;

/// <summary>Every minute: an incident whose clock ran out is told once, in its timeline and by a badge in every list, until something moves.</summary>
[DisallowConcurrentExecution]
internal sealed class EscalateJob(Database database) : IJob
{
    private const string Late =
        """
        -- every row: clocks run for all incidents, no person sees the result
        select m.id, m.number, m.severity, m.due_at
        from ticketing.incidents m
        where m.closed_at is null and m.merged_into is null and m.escalated_at is null and m.due_at < @Now
        order by m.due_at
        limit 500
        for update skip locked
        """;

    private const string Mark = "update ticketing.incidents m set escalated_at = @Now where m.id = any(@Ids)";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await RunAsync(cancellationToken);

    /// <summary>One round; answers how many were told.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("ticketing"), cancel);
        var late = await work.QueryAsync<IncidentRow>(Late, new { work.Now }, cancel);
        if (late.Count == 0)
            return 0;
        await work.ExecuteAsync(Mark, new { work.Now, Ids = late.Select(r => r.Id).ToArray() }, cancel);
        await TimelineEntry.AddAllAsync(work, [.. late.Select(r => new TimelineEntry(r.IncidentId, "escalated") { Detail = new { due = r.DueAt } })], cancel);
        foreach (var row in late)
            work.Audit("ticketing.incident.escalated", row.Subject, new { row.Number, due = row.DueAt });
        await work.CommitAsync(cancel);
        return late.Count;
    }
}
