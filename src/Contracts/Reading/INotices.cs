namespace Appliance.Contracts;

/// <summary>What people are told of what others did to their work. A notice is the reader's own: nobody else sees or changes it.</summary>
public interface INotices
{
    /// <summary>The notices of <paramref name="viewer"/>, the newest first, by key.</summary>
    /// <param name="viewer">Whose.</param>
    /// <param name="unread">True for those not read yet.</param>
    /// <param name="after">Key of the page before, or null.</param>
    /// <param name="limit">At most 200.</param>
    /// <param name="cancel">Ends the wait.</param>
    Task<Page<Notice>> ListAsync(Viewer viewer, bool unread, string? after, int limit, CancellationToken cancel);

    /// <summary>Marks as read what leads to <paramref name="link"/>, or everything where it is null; answers how many.</summary>
    Task<int> ReadAsync(Viewer viewer, string? link, CancellationToken cancel);
}

/// <summary>One notice.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When it happened last, UTC.</param>
/// <param name="Key">Resource key of the sentence; it takes who did it, then <paramref name="Arguments"/>.</param>
/// <param name="By">Who did it; empty for the appliance itself.</param>
/// <param name="Arguments">Numbers of the things told of; never their text.</param>
/// <param name="Link">Page of the thing.</param>
/// <param name="Times">How often it happened since it was last read.</param>
/// <param name="Unread">True until the page of the thing was opened.</param>
public sealed record Notice(Guid Id, DateTimeOffset At, string Key, string By, IReadOnlyList<string> Arguments, string Link, int Times, bool Unread);
