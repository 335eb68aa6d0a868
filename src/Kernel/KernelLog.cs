using Microsoft.Extensions.Logging;

namespace Appliance.Kernel;

/// <summary>Every log line of the kernel. Ids 1000 to 1999.</summary>
internal static partial class KernelLog
{
    [LoggerMessage(1001, LogLevel.Warning, "outbox interrupted: {Reason}; it goes on as soon as the database answers")]
    public static partial void OutboxInterrupted(ILogger log, string reason);

    [LoggerMessage(1002, LogLevel.Warning, "delivery of {EventId} to {Subscription} failed at try {Tries}; it is tried again, then parked on the outbox page")]
    public static partial void DeliveryFailed(ILogger log, string subscription, Guid eventId, int tries, Exception fault);

    [LoggerMessage(1003, LogLevel.Information, "applied migration {Module}/{File}")]
    public static partial void Migrated(ILogger log, string module, string file);

    [LoggerMessage(1004, LogLevel.Warning, "audit sealer interrupted: {Reason}; entries are sealed as soon as the database answers")]
    public static partial void SealerInterrupted(ILogger log, string reason);
}
