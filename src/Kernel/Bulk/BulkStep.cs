using System.Collections.Concurrent;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Bulk;

/// <summary>
/// One part of one act on many: what is done, its audit rows and how far the act has come are one transaction. So an item is done once, whenever the host dies.
/// The person whose act waited longest comes first, and of their acts the one that waited longest: ten items wait for one part of another's 400,000.
/// </summary>
internal sealed partial class BulkStep(Database database, BulkCatalog catalog, PersonNow people, IServiceScopeFactory scopes, ILogger<BulkStep> log)
{
    private const string Next =
        """
        select r.id, r.user_id, r.act
        from kernel.bulk_runs r
        join (select user_id, max(worked_at) as worked_at from kernel.bulk_runs where ended_at is null group by user_id) p on p.user_id = r.user_id
        where r.ended_at is null
        order by p.worked_at nulls first, r.worked_at nulls first, r.started_at, r.id
        limit 1
        """;

    private const string LockRun = $"select {BulkRow.Columns} from kernel.bulk_runs r where r.id = @Id and r.ended_at is null for update of r";

    private const string EndRun = "update kernel.bulk_runs set state = @State, reason = @Reason::jsonb, ended_at = @Now, worked_at = @Now where id = @Id returning total, done, left_over";

    // What is left of the part that fails whole, after each of its items was tried alone.
    private readonly ConcurrentDictionary<Guid, int> _alone = new();

    /// <summary>Does one part of whichever act is next and answers whose it was; null when there is none.</summary>
    public async Task<UserId?> RunAsync(CancellationToken cancel)
    {
        if (await database.FindAsync<NextRow>(Next, null, cancel) is not { } next)
            return null;
        await using var scope = scopes.CreateAsyncScope();
        var act = catalog.Find(scope.ServiceProvider, next.Act);
        try
        {
            await TryAsync(next, act, cancel);
        }
        catch (Exception fault) when (fault is not OperationCanceledException && (!DatabaseTrouble.Is(fault) || fault.InnerException is TimeoutException))
        {
            KernelLog.BulkFault(log, next.Act, next.Id, fault);
            await AfterFaultAsync(next, act!, cancel);
        }

        return next.UserId;
    }

    private async Task TryAsync(NextRow next, IBulkAct? act, CancellationToken cancel)
    {
        // Read anew at each part: a right or a clearance that is gone ends the act where it is.
        var person = await people.FindAsync(next.UserId, cancel);
        await using var work = await database.BeginAsync(person ?? Viewer.System("kernel"), cancel);
        // Gone when its person stopped it a moment ago.
        if (await LockAsync(work, next.Id, cancel) is not { } run)
            return;
        if (act is null)
            await EndAsync(work, run, BulkStage.Ended, Refuse.NotFound("kernel.bulk.no-act", next.Act), cancel);
        else if (person is null)
            await EndAsync(work, run, BulkStage.Ended, Refuse.Forbidden("kernel.bulk.person"), cancel);
        else if (!person.May(act.Permission))
            await EndAsync(work, run, BulkStage.Ended, Refuse.Forbidden("kernel.refused.permission", act.Permission.Id), cancel);
        else if (run.State == "choosing")
            await ChooseAsync(work, run, act, cancel);
        else if (run.UndoOf is { } of)
            await TakeBackAsync(work, run, of, act, cancel);
        else
            await DoAsync(work, run, act, cancel);
        await work.CommitAsync(cancel);
    }

    /// <summary>A part that breaks is tried again item by item; the one that breaks alone is left with that reason, and the others are done.</summary>
    private async Task AfterFaultAsync(NextRow next, IBulkAct act, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        if (await LockAsync(work, next.Id, cancel) is not { } run)
            return;
        if (run.State == "choosing")
            await EndAsync(work, run, BulkStage.Ended, s_fault, cancel);
        else if (run.UndoOf is { } of)
            await SkipPartAsync(work, run, of, cancel);
        else if (_alone.ContainsKey(run.Id))
            await SkipItemAsync(work, run, cancel);
        else
            _alone[run.Id] = act.PartSize;
        await work.CommitAsync(cancel);
    }

    private async Task EndAsync(Work work, BulkRow run, BulkStage how, Refusal? reason, CancellationToken cancel)
    {
        _alone.TryRemove(run.Id, out _);
        var counts = await work.FindAsync<CountRow>(
            EndRun, new { run.Id, State = how.ToString().ToLowerInvariant(), Reason = reason is null ? null : KeptRefusal.Write(reason), work.Now }, cancel);
        work.Audit("kernel.bulk.ended", $"bulk/{run.Id}", new { run.Act, how, reason = reason?.Key, counts!.Total, counts.Done, left = counts.LeftOver });
    }

    private static Task<BulkRow?> LockAsync(Work work, Guid id, CancellationToken cancel) => work.FindAsync<BulkRow>(LockRun, new { Id = id, Since = work.Now }, cancel);

    private static readonly Refusal s_fault = Refuse.Unavailable("kernel.bulk.fault");

    private sealed class NextRow
    {
        public Guid Id { get; set; }

        public UserId UserId { get; set; }

        public string Act { get; set; } = "";
    }

    private sealed class CountRow
    {
        public int Total { get; set; }

        public int Done { get; set; }

        public int LeftOver { get; set; }
    }
}
