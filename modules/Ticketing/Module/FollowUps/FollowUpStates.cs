namespace Appliance.Ticketing.FollowUps;

/// <summary>A step that a follow-up may take.</summary>
/// <param name="Kind">investigation or countermeasure.</param>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="NeedsReason">True when the step must say why.</param>
internal sealed record FollowUpStep(string Kind, string From, string To, bool NeedsReason = false);

/// <summary>The lives of investigations (a question to a third party) and countermeasures (a block, a filter, a sinkhole), as data.</summary>
internal static class FollowUpStates
{
    public const string Investigation = "investigation", Countermeasure = "countermeasure";

    /// <summary>The kinds, each with the state it begins in.</summary>
    public static IReadOnlyDictionary<string, string> Kinds { get; } = new Dictionary<string, string> { [Investigation] = "open", [Countermeasure] = "pending-activation" };

    /// <summary>All steps.</summary>
    public static IReadOnlyList<FollowUpStep> Steps { get; } =
    [
        new(Investigation, "open", "resolved"),
        new(Investigation, "resolved", "open", NeedsReason: true),
        new(Countermeasure, "pending-activation", "active"),
        new(Countermeasure, "pending-activation", "removed", NeedsReason: true),
        new(Countermeasure, "active", "pending-removal"),
        new(Countermeasure, "pending-removal", "removed"),
        new(Countermeasure, "pending-removal", "active", NeedsReason: true),
        new(Countermeasure, "removed", "active", NeedsReason: true),
    ];

    /// <summary>States in which nothing is left to do.</summary>
    public static IReadOnlySet<string> Ends { get; } = new HashSet<string> { "resolved", "removed" };

    /// <summary>What may follow.</summary>
    public static IEnumerable<FollowUpStep> From(string kind, string state) => Steps.Where(s => s.Kind == kind && s.From == state);
}
