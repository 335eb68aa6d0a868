using Microsoft.Extensions.Logging;

namespace Appliance.Readiness;

/// <summary>Log lines of readiness: 7000 to 7999.</summary>
internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Warning, "The figures of {Module} could not be read: {Reason}")]
    public static partial void FiguresFailed(ILogger logger, string module, string reason);
}
