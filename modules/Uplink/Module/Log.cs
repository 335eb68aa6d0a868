using Microsoft.Extensions.Logging;

namespace Appliance.Uplink;

/// <summary>The module's log lines, 5000 to 5999. No content of what is shared: ids and counts.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Critical, "Object {Row} ({StixId}) of a collection is not what was approved and was not handed over. Look at the audit trail and restore the row from backup")]
    public static partial void BytesChanged(ILogger logger, long row, string stixId);

    [LoggerMessage(5002, LogLevel.Information, "Peer {Peer} posted a bundle where TAXII asks for an envelope; taken")]
    public static partial void BundlePosted(ILogger logger, string peer);

    [LoggerMessage(5003, LogLevel.Warning, "Pull from {Peer} failed ({Failures} in a row): {Reason}. Next try at {Next}")]
    public static partial void PullFailed(ILogger logger, string peer, int failures, string reason, DateTimeOffset next);

    [LoggerMessage(5004, LogLevel.Information, "{Count} object(s) received from {Peer}, {Invalid} invalid")]
    public static partial void Received(ILogger logger, string peer, int count, int invalid);

    [LoggerMessage(5005, LogLevel.Warning, "Acknowledgements to {Peer} could not be posted ({Count}): {Reason}")]
    public static partial void AcknowledgeFailed(ILogger logger, string peer, int count, string reason);

    [LoggerMessage(5006, LogLevel.Error, "The exchange with peers was interrupted: {Reason}")]
    public static partial void ExchangeInterrupted(ILogger logger, string reason);

    [LoggerMessage(5007, LogLevel.Warning, "Peer {Peer} sent {StixId} twice in one version with different bytes; the first stays")]
    public static partial void VersionDiffers(ILogger logger, string peer, string stixId);

    [LoggerMessage(5008, LogLevel.Error, "The exchange with {Peer} failed in a way nobody foresaw; it is tried again later")]
    public static partial void ExchangeFailed(ILogger logger, string peer, Exception fault);
}
