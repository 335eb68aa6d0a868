namespace Appliance.Contracts;

/// <summary>Acts on many items, worked by the host. Everything here is about the viewer's own acts: nobody sees or changes those of others.</summary>
public interface IBulkActs
{
    /// <summary>Raised on any thread with the person one of whose acts moved on. Handlers must be quick and must not throw.</summary>
    event Action<UserId> Moved;

    /// <summary>Begins an act. Refused where the viewer lacks its right, or has too many going.</summary>
    Task<Outcome<BulkState>> StartAsync(Viewer viewer, BulkOrder order, CancellationToken cancel);

    /// <summary>Those that run, and those that ended and were not put away yet; the newest first.</summary>
    Task<IReadOnlyList<BulkState>> ShownAsync(Viewer viewer, CancellationToken cancel);

    /// <summary>One act.</summary>
    Task<Outcome<BulkState>> FindAsync(Viewer viewer, Guid id, CancellationToken cancel);

    /// <summary>The acts of the last weeks, the newest first, by key.</summary>
    Task<Page<BulkState>> ListAsync(Viewer viewer, string? after, int limit, CancellationToken cancel);

    /// <summary>The items that an act left as they are, by key.</summary>
    Task<Outcome<Page<BulkLeft>>> LeftAsync(Viewer viewer, Guid id, string? after, int limit, CancellationToken cancel);

    /// <summary>Ends an act after the part it is at.</summary>
    Task<Outcome<BulkState>> CancelAsync(Viewer viewer, Guid id, CancellationToken cancel);

    /// <summary>Takes back what an act did, by an act of its own: the last part first.</summary>
    Task<Outcome<BulkState>> UndoAsync(Viewer viewer, Guid id, CancellationToken cancel);

    /// <summary>The person has read how it ended: it is no longer among <see cref="ShownAsync"/>.</summary>
    Task PutAwayAsync(Viewer viewer, Guid id, CancellationToken cancel);
}
