namespace Appliance.Contracts;

/// <summary>Names the things behind a module's pages, for lists of what somebody had open. Each module that has such pages registers one. Safe from any thread.</summary>
public interface IThings
{
    /// <summary>True when <paramref name="path"/> is the page of one thing of this module. Looks at the path alone.</summary>
    bool Owns(string path);

    /// <summary>The things at <paramref name="paths"/> that this viewer may see, in any order; what is gone or hidden is left out.</summary>
    Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel);
}

/// <summary>One thing with a page.</summary>
/// <param name="Path">Its page.</param>
/// <param name="KindKey">Resource key of what it is.</param>
/// <param name="Title">Its number and title as they are now. May hold text from outside.</param>
/// <param name="Marking">How it is marked.</param>
public sealed record Thing(string Path, string KindKey, string Title, Marking Marking);

/// <summary>What a person had open lately. Their own alone. Safe from any thread.</summary>
public interface IRecents
{
    /// <summary>Notes that <paramref name="viewer"/> opened <paramref name="path"/>; what is no thing's page is not noted.</summary>
    Task OpenedAsync(Viewer viewer, string path, CancellationToken cancel);

    /// <summary>The things opened last, the newest first, as the viewer may see them now.</summary>
    Task<IReadOnlyList<Recent>> ListAsync(Viewer viewer, int limit, CancellationToken cancel);
}

/// <summary>A thing with the moment when it was opened last.</summary>
/// <param name="Thing">The thing as it is now.</param>
/// <param name="At">UTC.</param>
public sealed record Recent(Thing Thing, DateTimeOffset At);
