using Microsoft.Extensions.Logging;

namespace Appliance.Consoles;

/// <summary>Log lines of the console, ids 200 to 299.</summary>
internal static partial class Log
{
    [LoggerMessage(201, LogLevel.Warning, "Section {Section} of a report could not be counted: {Reason}. Ask for a shorter period; when it goes on, look at the health page.")]
    public static partial void SectionMissing(ILogger logger, string section, string reason);
}
