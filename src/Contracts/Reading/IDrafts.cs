namespace Appliance.Contracts;

/// <summary>Unfinished input kept on the server per person and page, so that a lost circuit or a restart costs nothing.</summary>
public interface IDrafts
{
    /// <summary>The draft of <paramref name="viewer"/> at <paramref name="place"/> (page path plus field set), or null.</summary>
    Task<string?> LoadAsync(Viewer viewer, string place, CancellationToken cancel);

    /// <summary>Keeps <paramref name="text"/> (JSON or plain, at most 1 MiB), replacing what was there.</summary>
    Task SaveAsync(Viewer viewer, string place, string text, CancellationToken cancel);

    /// <summary>Forgets the draft after it was sent or thrown away.</summary>
    Task DropAsync(Viewer viewer, string place, CancellationToken cancel);
}
