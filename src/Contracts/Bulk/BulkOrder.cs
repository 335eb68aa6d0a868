using System.Text.Json;

namespace Appliance.Contracts;

/// <summary>An act on many items, to be worked by the host: it goes on when the page is left, the browser closed or the host restarted.</summary>
/// <param name="Act">The registered name: <c>ticketing/change</c>.</param>
/// <param name="Argument">What the act takes besides its items.</param>
/// <param name="TitleKey">Resource key of what is being done: the words of the button.</param>
/// <param name="SaidKey">Resource key of the sentence at the end; takes how many were done.</param>
public sealed record BulkOrder(string Act, JsonElement Argument, string TitleKey, string SaidKey)
{
    /// <summary>Chosen ids the host takes at once; more are chosen by a query.</summary>
    public const int MostChosen = 10_000;

    /// <summary>What chooses the items, in the words of the act; null where <see cref="Items"/> names them.</summary>
    public JsonElement? Query { get; init; }

    /// <summary>The items themselves, where a person chose them one by one.</summary>
    public IReadOnlyList<Guid> Items { get; init; } = [];
}

/// <summary>How an act on many stands.</summary>
public enum BulkStage
{
    /// <summary>Its items are being found.</summary>
    Choosing,

    /// <summary>Parts of it are done, others wait.</summary>
    Running,

    /// <summary>Every item was done, or left with a reason.</summary>
    Done,

    /// <summary>Its person stopped it; what was done stays done.</summary>
    Cancelled,

    /// <summary>It could not go on, for <see cref="BulkState.Reason"/>; what was done stays done.</summary>
    Ended,
}

/// <summary>One act on many, as its person sees it.</summary>
/// <param name="Id">Names it.</param>
/// <param name="TitleKey">Resource key of what is being done.</param>
/// <param name="SaidKey">Resource key of the sentence at the end; takes <paramref name="Done"/>.</param>
/// <param name="Stage">How it stands.</param>
/// <param name="Total">How many items; grows while they are being found.</param>
/// <param name="Done">How many were changed.</param>
/// <param name="Left">How many were left as they are, each with a reason.</param>
/// <param name="StartedAt">When it was asked for, UTC: what came later is not touched.</param>
/// <param name="EndedAt">When it ended, UTC.</param>
/// <param name="Reason">Why it ended before its end.</param>
/// <param name="MayUndo">True when it can be taken back now.</param>
/// <param name="UndoOf">The act it takes back.</param>
public sealed record BulkState(
    Guid Id, string TitleKey, string SaidKey, BulkStage Stage, int Total, int Done, int Left, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, Refusal? Reason, bool MayUndo, Guid? UndoOf)
{
    /// <summary>True while there is something to wait for.</summary>
    public bool Runs => Stage is BulkStage.Choosing or BulkStage.Running;
}

/// <summary>An item that an act on many left as it is.</summary>
/// <param name="Item">Its id.</param>
/// <param name="Text">What it is, shown as untrusted text; empty when its person may no longer see it.</param>
/// <param name="Href">Its page, or null.</param>
/// <param name="Reason">Why it was left.</param>
public sealed record BulkLeft(Guid Item, string Text, string? Href, Refusal Reason);
