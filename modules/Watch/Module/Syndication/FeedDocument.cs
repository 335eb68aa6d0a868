namespace Appliance.Watch.Syndication;

/// <summary>A feed as read: everything a stranger wrote, reduced to plain text and checked links.</summary>
/// <param name="Damage">Where reading broke off, when it did; the entries before it are kept.</param>
internal sealed record FeedDocument(string Title, string? Link, string Description, string Language, string? Id, DateTimeOffset? Updated, IReadOnlyList<FeedEntry> Entries, string? Damage = null);

/// <summary>One entry of a feed.</summary>
/// <param name="Id">Guid or id as given; empty when there is none.</param>
/// <param name="Link">Absolute http or https address, or null.</param>
internal sealed record FeedEntry(string Id, string Title, string Summary, string? Link, DateTimeOffset? Published, DateTimeOffset? Updated, string Language = "", string Content = "");

/// <summary>What reading a document gave: a feed, or the reason why it is none.</summary>
internal sealed record FeedReading(FeedDocument? Feed, string? Fault)
{
    public static FeedReading NotAFeed(string reason) => new(null, reason);
}

/// <summary>Bounds on what a stranger's document may cost.</summary>
internal static class FeedLimits
{
    public const int MaxBytes = 8 * 1024 * 1024;

    public const int MaxDepth = 96;

    public const int MaxNodes = 400_000;

    public const int MaxEntries = 2_000;

    public const int MaxTitle = 500;

    public const int MaxSummary = 4_000;

    public const int MaxContent = 20_000;

    public const int MaxLink = 2_000;
}
