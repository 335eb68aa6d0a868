using Microsoft.Extensions.Logging;

namespace Appliance.Ticketing;

/// <summary>Every log line of ticketing. Ids 3000 to 3999. Titles, addresses and text stay in the database.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "incident {Number} opened from alert group {Group}")]
    public static partial void OpenedFromAlerts(ILogger log, string number, Guid group);

    [LoggerMessage(3002, LogLevel.Information, "mail {Mail} became report {Report}")]
    public static partial void ReportTaken(ILogger log, Guid mail, Guid report);

    [LoggerMessage(3003, LogLevel.Information, "mail {Mail} joined incident {Number}")]
    public static partial void MailJoined(ILogger log, Guid mail, string number);

    [LoggerMessage(3004, LogLevel.Information, "mail {Mail} of kind {Kind} opened nothing")]
    public static partial void MailPassedOver(ILogger log, Guid mail, string kind);

    [LoggerMessage(3051, LogLevel.Warning, "table of places {File} is not used: {Reason}")]
    public static partial void PlaceTableFailed(ILogger log, string file, string reason);

    [LoggerMessage(3052, LogLevel.Warning, "look-ups wait for the database: {Reason}")]
    public static partial void LookupsInterrupted(ILogger log, string reason);

    [LoggerMessage(3054, LogLevel.Warning, "pages do not hear of incidents that move: {Reason}")]
    public static partial void NotListening(ILogger log, string reason);

    [LoggerMessage(3053, LogLevel.Warning, "local types are as they were read last: {Reason}")]
    public static partial void LocalTypesUnread(ILogger log, string reason);
}
