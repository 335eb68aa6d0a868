using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>What an act answered, for the person who pressed the button: what changed, or why not, and how to take it back.</summary>
/// <param name="Text">One sentence, already in the reader's language.</param>
/// <param name="Refusals">Why not; empty on success.</param>
/// <param name="Undo">Takes it back, when that is possible.</param>
public sealed record ActReport(string Text, IReadOnlyList<Refusal> Refusals, Func<Task<ActReport>>? Undo = null)
{
    /// <summary>True when the act was done.</summary>
    public bool Succeeded => Refusals.Count == 0;

    /// <summary>Of an act on several: those that were left as they are, each with its reason. The list shows them until they are closed.</summary>
    public IReadOnlyList<ItemLeft> Left { get; init; } = [];

    /// <summary>The person thought better of it in a dialog: nothing is said, nothing is deselected.</summary>
    public static ActReport Nothing { get; } = new("", []);

    /// <summary>It was done.</summary>
    public static ActReport Done(string text, Func<Task<ActReport>>? undo = null) => new(text, [], undo);

    /// <summary>It was refused.</summary>
    public static ActReport Refused(params IReadOnlyList<Refusal> refusals) => new("", refusals);

    /// <summary>From what a handler answered; <paramref name="done"/> is said on success.</summary>
    public static ActReport Of<T>(Outcome<T> outcome, string done, Func<Task<ActReport>>? undo = null) =>
        outcome.Succeeded ? Done(done, undo) : new("", outcome.Refusals);
}

/// <summary>One item that an act left as it is.</summary>
/// <param name="Text">What it is, shown as untrusted text.</param>
/// <param name="Reason">Why it was left.</param>
/// <param name="Href">Its page.</param>
public sealed record ItemLeft(string Text, Refusal Reason, string? Href = null);
