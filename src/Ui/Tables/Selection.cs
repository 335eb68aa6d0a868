using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>The rows that are selected, with what can be done about them. Given to the bulk bar.</summary>
/// <param name="Items">The selected rows of this page.</param>
/// <param name="Clear">Selects nothing.</param>
/// <param name="ReloadAsync">Reads the list again after an act.</param>
public sealed record Selection<T>(IReadOnlyList<T> Items, Action Clear, Func<Task> ReloadAsync);

/// <summary>A key of the list, acting on the selected rows or, when none is selected, on the row under the cursor.</summary>
/// <param name="Keys">For example <c>e</c> or <c>Shift+e</c>.</param>
/// <param name="Text">What it does, already translated; button of the bulk bar and line of the key sheet.</param>
/// <param name="Act">Does it.</param>
/// <param name="Kind"><c>primary</c>, <c>danger</c> or empty.</param>
/// <param name="Confirm">A question asked first, or null.</param>
public sealed record RowAction<T>(string Keys, string Text, Func<IReadOnlyList<T>, CancellationToken, Task<ActReport>> Act, string Kind = "", string? Confirm = null)
{
    /// <summary>
    /// What to ask of the host so that it is done to everything that matches the list's filter (<see cref="IBulkActs"/>); null where the person thought better of it.
    /// Without it the button is off while all are chosen, and says so.
    /// </summary>
    public Func<Task<BulkOrder?>>? OnAll { get; init; }

    /// <summary>The same for chosen rows, where each of them stands for many items.</summary>
    public Func<IReadOnlyList<T>, Task<BulkOrder?>>? OnMany { get; init; }
}

/// <summary>What a list asks its page for.</summary>
/// <param name="After">Key of the page before, or null for the first page: pass it to the query.</param>
/// <param name="Size">How many rows.</param>
public readonly record struct ListRequest(string? After, int Size);
