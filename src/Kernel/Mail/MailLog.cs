using Microsoft.Extensions.Logging;

namespace Appliance.Kernel;

/// <summary>The log lines of mail. Ids 1400 to 1499. Addresses, subjects and the words of mail servers stay in the database.</summary>
internal static partial class KernelLog
{
    [LoggerMessage(1401, LogLevel.Warning, "mail queue interrupted: {Reason}; it goes on as soon as the database answers")]
    public static partial void MailInterrupted(ILogger log, string reason);

    [LoggerMessage(1402, LogLevel.Warning, "message {MailId} was being handed over when the host stopped; its outcome is unknown and it is repeated under the same Message-ID")]
    public static partial void MailOutcomeUnknown(ILogger log, Guid mailId);

    [LoggerMessage(1403, LogLevel.Warning, "message {MailId} is not delivered after try {Tries} and is now {State}; the outbox page shows the mail server's answer")]
    public static partial void MailNotSent(ILogger log, Guid mailId, int tries, string state);

    [LoggerMessage(1404, LogLevel.Warning, "maildir {Folder} cannot be read: {Reason}; check that it exists and that this account may write to it")]
    public static partial void MaildirUnreadable(ILogger log, string folder, string reason);

    [LoggerMessage(1405, LogLevel.Information, "message {MailId} taken in, {Size} bytes")]
    public static partial void MailTakenIn(ILogger log, Guid mailId, long size);

    [LoggerMessage(1406, LogLevel.Warning, "message {MailId} is quarantined: {Reason}; its bytes are kept and can be downloaded on the received mail page")]
    public static partial void MailQuarantined(ILogger log, Guid mailId, string reason);

    [LoggerMessage(1408, LogLevel.Warning, "file {File} in the folder of mail keys holds no key that can be read; replace or remove it")]
    public static partial void KeyUnreadable(ILogger log, string file);

    [LoggerMessage(1409, LogLevel.Warning, "the signed or encrypted parts of message {MailId} stay closed: {Reason}; check the folder of mail keys")]
    public static partial void SealsNotOpened(ILogger log, Guid mailId, string reason);

    [LoggerMessage(1410, LogLevel.Warning, "the secret part of mail key {Fingerprint} does not open with the keys of this appliance; put the key in again under Administration / Mail keys")]
    public static partial void KeyNotOpened(ILogger log, string fingerprint);

    [LoggerMessage(1407, LogLevel.Warning, "parser process {Process} was replaced: {Reason}")]
    public static partial void ParserReplaced(ILogger log, int process, string reason);
}
