namespace Appliance.Contracts;

/// <summary>A module's own counts, for Home, Readiness and the wall. Each module registers one.</summary>
public interface IFigures
{
    /// <summary>The counts as this viewer may see them. Bounded: answers within a second or returns fewer.</summary>
    Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel);
}

/// <summary>One number with its meaning and its page.</summary>
/// <param name="Key">Resource key of the label, for example <c>ticketing.figure.open</c>.</param>
/// <param name="Value">The count.</param>
/// <param name="Link">Page that lists what was counted.</param>
/// <param name="Tone">How urgent it is.</param>
/// <param name="OnHome">True for the few that belong on the home page.</param>
public sealed record Figure(string Key, long Value, string Link, FigureTone Tone = FigureTone.Calm, bool OnHome = false);

/// <summary>How a number is drawn; always with a word beside the colour.</summary>
public enum FigureTone
{
    /// <summary>Nothing to do.</summary>
    Calm,

    /// <summary>Work waits.</summary>
    Attention,

    /// <summary>Late or broken.</summary>
    Urgent,
}
