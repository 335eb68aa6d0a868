using Microsoft.Extensions.Logging;

namespace Appliance.Watch;

/// <summary>Log lines of the watch: 4000 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Feed {Feed} read: {Entries} entries, {Fresh} new")]
    public static partial void FeedRead(ILogger logger, Guid feed, int entries, int fresh);

    [LoggerMessage(4002, LogLevel.Warning, "Feed {Feed} failed {Failures} time(s): {Reason}")]
    public static partial void FeedFailed(ILogger logger, Guid feed, int failures, string reason);

    [LoggerMessage(4003, LogLevel.Information, "Advisory {Number} revision {Revision} published to {Recipients} recipient(s)")]
    public static partial void Published(ILogger logger, string number, int revision, int recipients);
}
