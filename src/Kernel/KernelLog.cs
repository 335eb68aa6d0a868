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

    [LoggerMessage(1010, LogLevel.Warning, "the lock of this host is not held: {Reason}; it is taken again as soon as the database answers")]
    public static partial void HostLockBroken(ILogger log, string reason);

    [LoggerMessage(1011, LogLevel.Critical, "another host took this database while it did not answer here; this one stops")]
    public static partial void HostLockLost(ILogger log);

    [LoggerMessage(1012, LogLevel.Information, "job {Job} already ran for {FireTime}; not run again")]
    public static partial void JobRanAlready(ILogger log, string job, DateTimeOffset fireTime);

    [LoggerMessage(1013, LogLevel.Error, "job {Job} failed; its schedule goes on, the jobs page shows it")]
    public static partial void JobFailed(ILogger log, string job, Exception fault);

    [LoggerMessage(1014, LogLevel.Warning, "{Count} job run(s) were cut off when the last host ended")]
    public static partial void RunsInterrupted(ILogger log, int count);

    [LoggerMessage(1015, LogLevel.Error, "old rows of {Table} could not be deleted; tried again tomorrow")]
    public static partial void RetentionFailed(ILogger log, string table, Exception fault);

    [LoggerMessage(1016, LogLevel.Warning, "search source {Source} did not answer in time; the answer was partial")]
    public static partial void SearchSlow(ILogger log, string source);

    [LoggerMessage(1017, LogLevel.Error, "search source {Source} failed; the answer was partial")]
    public static partial void SearchFailed(ILogger log, string source, Exception fault);

    [LoggerMessage(1018, LogLevel.Error, "health probe {Probe} failed")]
    public static partial void ProbeFailed(ILogger log, string probe, Exception fault);

    [LoggerMessage(1020, LogLevel.Error, "the database does not answer: {Reason}; what arrives waits where it is, and the host goes on by itself when it answers again")]
    public static partial void DatabaseAway(ILogger log, string reason);

    [LoggerMessage(1021, LogLevel.Information, "the database answers again after {Seconds} s")]
    public static partial void DatabaseBack(ILogger log, int seconds);

    [LoggerMessage(1030, LogLevel.Warning, "webhooks interrupted: {Reason}; they go on as soon as the database answers")]
    public static partial void WebhooksInterrupted(ILogger log, string reason);

    [LoggerMessage(1022, LogLevel.Warning, "the disk of {Place} ({Path}, {FreeMiB} MiB free) {State}")]
    public static partial void DiskChanged(ILogger log, string place, string path, long freeMiB, string state);

    [LoggerMessage(1023, LogLevel.Warning, "the ballast of {Size} MiB was given back, so that people can log in and make room; it is taken again when there is enough")]
    public static partial void BallastReleased(ILogger log, long size);

    [LoggerMessage(1024, LogLevel.Information, "the ballast could not be taken: {Reason}; tried again")]
    public static partial void BallastNotTaken(ILogger log, string reason);

    [LoggerMessage(1025, LogLevel.Warning, "the room on a disk could not be read: {Reason}; looked at again")]
    public static partial void DiskNotRead(ILogger log, string reason);

    [LoggerMessage(1019, LogLevel.Error, "outbox dispatcher met a fault it did not expect; it goes on")]
    public static partial void OutboxFault(ILogger log, Exception fault);

    [LoggerMessage(1031, LogLevel.Error, "{Source} could not name its things; the list of what was opened lacks them")]
    public static partial void ThingsFailed(ILogger log, string source, Exception fault);

    [LoggerMessage(1032, LogLevel.Error, "ordered backup ({Order}) failed")]
    public static partial void BackupOrderFailed(ILogger log, string order, Exception fault);

    [LoggerMessage(1033, LogLevel.Information, "no more backups are ordered: the host stops")]
    public static partial void BackupDeskStopped(ILogger log);

    [LoggerMessage(1034, LogLevel.Warning, "acts on many interrupted: {Reason}; they go on as soon as the database answers")]
    public static partial void BulkInterrupted(ILogger log, string reason);

    [LoggerMessage(1035, LogLevel.Error, "the act {Act} on many ({Run}) met a fault it did not expect; its items are tried one by one and those that fail are named")]
    public static partial void BulkFault(ILogger log, string act, Guid run, Exception fault);

    [LoggerMessage(1036, LogLevel.Error, "the worker of acts on many met a fault it did not expect; it goes on")]
    public static partial void BulkWorkerFault(ILogger log, Exception fault);

    [LoggerMessage(1040, LogLevel.Error, "a document could not be printed: {Reason}")]
    public static partial void PrintFailed(ILogger log, string reason);
}
