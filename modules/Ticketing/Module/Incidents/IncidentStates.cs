namespace Appliance.Ticketing.Incidents;

/// <summary>A step an incident may take.</summary>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="NeedsReason">True when the step must say why.</param>
internal sealed record IncidentStep(string From, string To, bool NeedsReason = false);

/// <summary>The life of an incident, as data: the one place that says what may follow what.</summary>
internal static class IncidentStates
{
    public const string New = "new", Triage = "triage", InProgress = "in-progress", Waiting = "waiting", Resolved = "resolved", Closed = "closed";

    /// <summary>All states in their usual order.</summary>
    public static IReadOnlyList<string> All { get; } = [New, Triage, InProgress, Waiting, Resolved, Closed];

    /// <summary>How an incident may end.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = ["resolved", "false-positive", "duplicate", "out-of-scope"];

    /// <summary>All steps.</summary>
    public static IReadOnlyList<IncidentStep> Steps { get; } =
    [
        new(New, Triage),
        new(New, InProgress),
        new(New, Closed, NeedsReason: true),
        new(Triage, InProgress),
        new(Triage, Waiting, NeedsReason: true),
        new(Triage, Closed, NeedsReason: true),
        new(InProgress, Triage, NeedsReason: true),
        new(InProgress, Waiting, NeedsReason: true),
        new(InProgress, Resolved),
        new(InProgress, Closed, NeedsReason: true),
        new(Waiting, InProgress),
        new(Waiting, Resolved),
        new(Waiting, Closed, NeedsReason: true),
        new(Resolved, InProgress, NeedsReason: true),
        new(Resolved, Closed),
        new(Closed, InProgress, NeedsReason: true),
    ];

    /// <summary>What may follow <paramref name="state"/>.</summary>
    public static IEnumerable<IncidentStep> From(string state) => Steps.Where(s => s.From == state);

    /// <summary>The step, or null when it may not be taken.</summary>
    public static IncidentStep? Find(string from, string to) => Steps.FirstOrDefault(s => s.From == from && s.To == to);
}
