using Microsoft.Extensions.Logging;

namespace Appliance.Directories;

/// <summary>Log lines of the directory: 6000 to 6999.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Information, "Look-up tables swapped: {Prefixes} prefixes, {Domains} domains, {Skipped} entries skipped")]
    public static partial void Swapped(ILogger logger, int prefixes, int domains, int skipped);

    [LoggerMessage(6002, LogLevel.Warning, "Look-up tables could not be read again and stay as they were; another try follows: {Reason}")]
    public static partial void SwapFailed(ILogger logger, string reason);
}
