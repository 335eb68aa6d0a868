namespace Appliance.Contracts;

/// <summary>The entries of the left rail. Safe from any thread.</summary>
public interface INavigation
{
    /// <summary>What this viewer may open, by area in the order of the rail, then by order within it.</summary>
    IReadOnlyList<NavigationLink> For(Viewer viewer);
}

/// <summary>One line of the rail.</summary>
/// <param name="Area">home sense tickets watch share directory readiness reports admin.</param>
/// <param name="TextKey">Resource key of the label.</param>
/// <param name="Path">Page.</param>
/// <param name="Order">Within its area.</param>
public sealed record NavigationLink(string Area, string TextKey, string Path, int Order = 0);

/// <summary>What the top bar shows of the state of the box. Answers from memory; safe from any thread.</summary>
public interface IShellState
{
    /// <summary>The worst state of the checks that this viewer may read about.</summary>
    ShellHealth Health { get; }

    /// <summary>Counts beside areas of the rail, as this viewer may see them; at most a second old or empty.</summary>
    Task<IReadOnlyList<AreaBadge>> BadgesAsync(Viewer viewer, CancellationToken cancel);

    /// <summary>What waits for this viewer: the figures that are not calm, the most urgent first.</summary>
    Task<IReadOnlyList<Figure>> WaitingAsync(Viewer viewer, CancellationToken cancel);
}

/// <summary>The dot in the top bar.</summary>
/// <param name="Tone">Calm, attention or urgent.</param>
/// <param name="FailedChecks">How many checks are not as they should be.</param>
public sealed record ShellHealth(FigureTone Tone, int FailedChecks);

/// <summary>A count beside an area.</summary>
/// <param name="Area">The area.</param>
/// <param name="Value">The count; zero shows nothing.</param>
/// <param name="MeaningKey">Resource key that says what was counted.</param>
/// <param name="Tone">How urgent it is.</param>
public sealed record AreaBadge(string Area, long Value, string MeaningKey, FigureTone Tone = FigureTone.Calm);
