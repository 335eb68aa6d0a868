using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Bulk;

/// <summary>What a module does to many items, as the worker calls it. Derive from <see cref="BulkAct{TQuery,TArgument}"/>; register with <c>builder.Bulk</c>.</summary>
public interface IBulkAct
{
    /// <summary>What the person must hold, when the act begins and again at every part.</summary>
    Permission Permission { get; }

    /// <summary>Items of one transaction: short enough that others' acts do not wait for it.</summary>
    int PartSize { get; }

    /// <summary>True when <see cref="UndoAsync"/> takes parts back.</summary>
    bool TakesBack { get; }

    /// <summary>What is wrong with an order, before anything is stored.</summary>
    IReadOnlyList<Refusal> Check(JsonElement argument, JsonElement? query);

    /// <summary>The next ids that the query chooses.</summary>
    Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, JsonElement query, BulkBound bound, CancellationToken cancel);

    /// <summary>Does it to one part, in the transaction of <paramref name="work"/>, whose viewer is the person who asked.</summary>
    Task<BulkPart> DoAsync(Work work, JsonElement argument, IReadOnlyList<Guid> items, CancellationToken cancel);

    /// <summary>Takes one part back, in the same way. An item that was changed since stays and is named.</summary>
    Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel);

    /// <summary>What items are called, for those of them that <paramref name="viewer"/> may see.</summary>
    Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel);
}

/// <summary>Which ids to choose next: those behind <paramref name="After"/> in the order of the ids, of what was there at <paramref name="UpTo"/>.</summary>
/// <param name="UpTo">When the act was asked for: what came later is not chosen, and spans of time end here.</param>
/// <param name="After">The last id chosen so far.</param>
/// <param name="Limit">How many at most; fewer end the choosing.</param>
public sealed record BulkBound(DateTimeOffset UpTo, Guid After, int Limit);

/// <summary>What became of one part.</summary>
/// <param name="Token">Names the part for taking it back.</param>
/// <param name="Left">Those left as they are; all others were done.</param>
public sealed record BulkPart(Guid Token, IReadOnlyList<BulkRefused> Left);

/// <summary>An item that was left as it is.</summary>
public sealed record BulkRefused(Guid Item, Refusal Reason);

/// <summary>A part to take back.</summary>
/// <param name="Token">As <see cref="IBulkAct.DoAsync"/> answered.</param>
/// <param name="Items">What was done in it.</param>
public sealed record BulkUndo(Guid Token, IReadOnlyList<Guid> Items);

/// <summary>An item by name.</summary>
public sealed record BulkName(Guid Item, string Text, string? Href);

/// <summary>An act on many with a query and an argument of its own, which are kept as JSON while it runs.</summary>
public abstract class BulkAct<TQuery, TArgument> : IBulkAct
    where TQuery : class
    where TArgument : class
{
    /// <inheritdoc/>
    public abstract Permission Permission { get; }

    /// <inheritdoc/>
    public virtual int PartSize => 500;

    /// <inheritdoc/>
    public virtual bool TakesBack => true;

    /// <inheritdoc/>
    public IReadOnlyList<Refusal> Check(JsonElement argument, JsonElement? query) => [.. Faults(Read<TArgument>(argument)), .. query is { } asked ? Faults(Read<TQuery>(asked)) : []];

    /// <inheritdoc/>
    public Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, JsonElement query, BulkBound bound, CancellationToken cancel) => ChooseAsync(viewer, Read<TQuery>(query), bound, cancel);

    /// <inheritdoc/>
    public Task<BulkPart> DoAsync(Work work, JsonElement argument, IReadOnlyList<Guid> items, CancellationToken cancel) => DoAsync(work, Read<TArgument>(argument), items, cancel);

    /// <inheritdoc/>
    public abstract Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel);

    /// <summary>What is wrong with the argument.</summary>
    protected virtual IEnumerable<Refusal> Faults(TArgument argument) => [];

    /// <summary>What is wrong with the query.</summary>
    protected virtual IEnumerable<Refusal> Faults(TQuery query) => [];

    /// <inheritdoc cref="IBulkAct.ChooseAsync"/>
    protected abstract Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, TQuery query, BulkBound bound, CancellationToken cancel);

    /// <inheritdoc cref="IBulkAct.DoAsync"/>
    protected abstract Task<BulkPart> DoAsync(Work work, TArgument argument, IReadOnlyList<Guid> items, CancellationToken cancel);

    private static T Read<T>(JsonElement json)
        where T : class => json.Deserialize<T>(OutboxJson.Options) ?? throw new JsonException($"nothing where a {typeof(T).Name} is needed");
}
