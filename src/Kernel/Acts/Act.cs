using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Kernel.Acts;

/// <summary>Marks acts and queries, so that they are found and listed in the permission matrix.</summary>
public interface IHandler
{
    /// <summary>What the viewer must hold. Declared by every handler: leaving it out does not compile.</summary>
    Permission Permission { get; }
}

/// <summary>One thing a person or peer can do that changes state: checks the permission, opens the transaction, writes audit and events, commits.</summary>
/// <remarks>Call <see cref="RunAsync"/>. A success without an audit entry is a bug and throws; a refusal rolls back; a database that does not answer is a refusal.</remarks>
public abstract class Act<TRequest, TAnswer>(Database database) : IHandler
{
    /// <inheritdoc/>
    public abstract Permission Permission { get; }

    /// <summary>Does it, as <paramref name="viewer"/>.</summary>
    public async Task<Outcome<TAnswer>> RunAsync(Viewer viewer, TRequest request, CancellationToken cancel)
    {
        if (!viewer.May(Permission))
            return Refuse.Forbidden("kernel.refused.permission", Permission.Id);
        var committing = false;
        try
        {
            await using var work = await database.BeginAsync(viewer, cancel);
            var outcome = await HandleAsync(work, request, cancel);
            if (!outcome.Succeeded)
                return outcome;
            if (!work.HasAudit)
                throw new InvalidOperationException($"{GetType().Name} changed state without an audit entry");
            await work.FlushAsync(cancel);
            committing = true;
            await work.CommitAsync(cancel);
            await CommittedAsync(request, outcome.Value, cancel);
            return outcome;
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            // A commit that was sent and not answered may have been done.
            return Refuse.Unavailable(committing && !DatabaseTrouble.IsFullDisk(fault) ? "kernel.refused.database-unknown" : "kernel.refused.database");
        }
    }

    /// <summary>Does it as a part of another transaction, as that one's viewer: for acts on many, whose progress is committed with what was done.</summary>
    /// <remarks>A refusal changes nothing, and neither does an answer without an audit entry. The caller commits; what does not answer throws.</remarks>
    public async Task<Outcome<TAnswer>> RunWithinAsync(Work work, TRequest request, CancellationToken cancel)
    {
        if (!work.Viewer.May(Permission))
            return Refuse.Forbidden("kernel.refused.permission", Permission.Id);
        var before = await work.MarkAsync(cancel);
        var outcome = await HandleAsync(work, request, cancel);
        if (outcome.Succeeded && work.HasAuditSince(before))
            work.AfterCommit(() => CommittedAsync(request, outcome.Value, CancellationToken.None));
        else
            await work.ReturnToAsync(before, cancel);
        return outcome;
    }

    /// <summary>The change itself, within the transaction of <paramref name="work"/>.</summary>
    protected abstract Task<Outcome<TAnswer>> HandleAsync(Work work, TRequest request, CancellationToken cancel);

    /// <summary>Called after the commit, for waking workers and refreshing memory. Must not fail the act.</summary>
    protected virtual Task CommittedAsync(TRequest request, TAnswer answer, CancellationToken cancel) => Task.CompletedTask;
}

/// <summary>One thing a person or peer can ask: checks the permission, reads, changes nothing.</summary>
public abstract class Query<TRequest, TAnswer> : IHandler
{
    /// <inheritdoc/>
    public abstract Permission Permission { get; }

    /// <summary>Asks, as <paramref name="viewer"/>.</summary>
    public async Task<Outcome<TAnswer>> RunAsync(Viewer viewer, TRequest request, CancellationToken cancel)
    {
        if (!viewer.May(Permission))
            return Refuse.Forbidden("kernel.refused.permission", Permission.Id);
        try
        {
            return await HandleAsync(viewer, request, cancel);
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            return Refuse.Unavailable("kernel.refused.database");
        }
    }

    /// <summary>The reading itself. SQL on marked tables carries <see cref="Visible"/>.</summary>
    protected abstract Task<Outcome<TAnswer>> HandleAsync(Viewer viewer, TRequest request, CancellationToken cancel);
}
