using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Bulk;

/// <summary>The published face of acts on many.</summary>
internal sealed class BulkDesk(StartBulk start, CancelBulk cancelling, UndoBulk undo, OwnBulk own, BulkBell bell) : IBulkActs
{
    public event Action<UserId> Moved
    {
        add => bell.Moved += value;
        remove => bell.Moved -= value;
    }

    public async Task<Outcome<BulkState>> StartAsync(Viewer viewer, BulkOrder order, CancellationToken cancel) => await ThenAsync(viewer, await start.RunAsync(viewer, order, cancel), cancel);

    public Task<IReadOnlyList<BulkState>> ShownAsync(Viewer viewer, CancellationToken cancel) => own.ShownAsync(viewer, cancel);

    public Task<Outcome<BulkState>> FindAsync(Viewer viewer, Guid id, CancellationToken cancel) => ReadAsync(() => own.FindAsync(viewer, id, cancel));

    public Task<Page<BulkState>> ListAsync(Viewer viewer, string? after, int limit, CancellationToken cancel) => own.ListAsync(viewer, after, limit, cancel);

    public Task<Outcome<Page<BulkLeft>>> LeftAsync(Viewer viewer, Guid id, string? after, int limit, CancellationToken cancel) => ReadAsync(() => own.LeftAsync(viewer, id, after, limit, cancel));

    public async Task<Outcome<BulkState>> CancelAsync(Viewer viewer, Guid id, CancellationToken cancel) => await ThenAsync(viewer, await cancelling.RunAsync(viewer, id, cancel), cancel);

    public async Task<Outcome<BulkState>> UndoAsync(Viewer viewer, Guid id, CancellationToken cancel) => await ThenAsync(viewer, await undo.RunAsync(viewer, id, cancel), cancel);

    public Task PutAwayAsync(Viewer viewer, Guid id, CancellationToken cancel) => own.PutAwayAsync(viewer, id, cancel);

    private async Task<Outcome<BulkState>> ThenAsync(Viewer viewer, Outcome<Guid> act, CancellationToken cancel)
    {
        if (!act.TryGet(out var id))
            return Outcome<BulkState>.Refused(act.Refusals);
        // Other windows of the same person show it too.
        bell.Tell(viewer.Id);
        return await FindAsync(viewer, id, cancel);
    }

    private static async Task<Outcome<T>> ReadAsync<T>(Func<Task<Outcome<T>>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.database");
        }
    }
}
