namespace Appliance.Contracts;

/// <summary>What waits for one person by name: theirs to go on with, or theirs to decide. Each module registers one.</summary>
public interface IOwnWork
{
    /// <summary>At most <paramref name="limit"/> things, the most urgent first, as this viewer may see them. Bounded: answers within a second.</summary>
    Task<IReadOnlyList<WorkItem>> ReadAsync(Viewer viewer, int limit, CancellationToken cancel);
}

/// <summary>One thing to do.</summary>
/// <param name="KindKey">Resource key of what it is, for example <c>ticketing.kind.incident</c>.</param>
/// <param name="Title">Its number and title. May hold text from outside.</param>
/// <param name="StateKey">Resource key of what it waits for.</param>
/// <param name="Link">Its page.</param>
/// <param name="At">When it came to this person or last changed, UTC.</param>
/// <param name="Due">When it must be done, UTC; null where nothing says.</param>
/// <param name="Marking">How it is marked.</param>
public sealed record WorkItem(string KindKey, string Title, string StateKey, string Link, DateTimeOffset At, DateTimeOffset? Due, Marking Marking);
