using Microsoft.Extensions.Logging;

namespace Appliance.Sensing;

/// <summary>Every log line of Sensing. Ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "reading {Stream} of sensor {Sensor} from segment {Segment}, byte {At}")]
    public static partial void IntakeBegins(ILogger log, string sensor, string stream, long segment, long at);

    [LoggerMessage(2002, LogLevel.Warning, "intake of {Stream} of sensor {Sensor} interrupted: {Reason}; nothing is lost, it goes on when the cause is gone")]
    public static partial void IntakeInterrupted(ILogger log, string sensor, string stream, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "a line of {Stream} of sensor {Sensor} at segment {Segment}, byte {At} was refused by the database: {Reason}; it is kept aside on the sensors page")]
    public static partial void LineRefused(ILogger log, string sensor, string stream, long segment, long at, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "cannot write the bookmark for sensor {Sensor}: {Reason}; the sensor keeps segments longer. Give the host write access to its spool folder")]
    public static partial void MirrorFailed(ILogger log, string sensor, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "the spool of sensor {Sensor} begins anew below segment {Segment} of {Stream}: the folder was replaced; it is read from segment {From}")]
    public static partial void SpoolReplaced(ILogger log, string sensor, string stream, long segment, long from);

    [LoggerMessage(2006, LogLevel.Warning, "eve.json of sensor {Sensor} was rotated away before its end was read: up to {Bytes} bytes are missing; let logrotate keep one uncompressed file (delaycompress)")]
    public static partial void RotatedAway(ILogger log, string sensor, long bytes);

    [LoggerMessage(2007, LogLevel.Information, "dropped {Count} hours of records to stay within {Budget} MiB")]
    public static partial void HoursDropped(ILogger log, int count, long budget);

    [LoggerMessage(2008, LogLevel.Warning, "upkeep of Sensing interrupted: {Reason}; it is tried again in ten seconds")]
    public static partial void UpkeepInterrupted(ILogger log, string reason);

    [LoggerMessage(2009, LogLevel.Information, "published generation {Number} with {Rules} rules to {Sensors} sensors")]
    public static partial void GenerationPublished(ILogger log, int number, int rules, int sensors);

    [LoggerMessage(2010, LogLevel.Warning, "cannot put generation {Number} before sensor {Sensor}: {Reason}; give the host write access to its control folder")]
    public static partial void GenerationFailed(ILogger log, int number, string sensor, string reason);

    [LoggerMessage(2011, LogLevel.Warning, "rule source {Source} could not be fetched: {Reason}; the rules of the last version stay in force")]
    public static partial void SourceFailed(ILogger log, string source, string reason);

    [LoggerMessage(2012, LogLevel.Information, "rule source {Source}: {Rules} rules, {Wrong} with an error")]
    public static partial void SourceTaken(ILogger log, string source, int rules, int wrong);

    [LoggerMessage(2013, LogLevel.Warning, "sensor folder {Path} cannot be prepared: {Reason}; create it and give the host write access")]
    public static partial void FolderFailed(ILogger log, string path, string reason);

    [LoggerMessage(2014, LogLevel.Information, "the unfinished upload {Upload} to sensor {Sensor} was thrown away: nobody went on with it for 24 hours")]
    public static partial void UploadThrownAway(ILogger log, string upload, string sensor);
}
