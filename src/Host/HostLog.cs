namespace Appliance.Host;

/// <summary>Every log line of the host. Ids 100 to 199.</summary>
internal static partial class HostLog
{
    [LoggerMessage(101, LogLevel.Error, "module {Module} did not start; the rest goes on without it")]
    public static partial void ModuleFailed(ILogger log, string module, Exception fault);

    [LoggerMessage(102, LogLevel.Warning, "module {Module} did not stop in time")]
    public static partial void ModuleStopFailed(ILogger log, string module, Exception fault);

    [LoggerMessage(103, LogLevel.Error, "request {Method} {Path} failed")]
    public static partial void RequestFailed(ILogger log, string method, string path, Exception fault);

    [LoggerMessage(104, LogLevel.Warning, "content security policy violated: {Directive} by {Blocked} on {Page}")]
    public static partial void PolicyViolated(ILogger log, string directive, string blocked, string page);

    [LoggerMessage(106, LogLevel.Warning, "page {Path} was asked for while the database does not answer: {Reason}")]
    public static partial void PageWithoutDatabase(ILogger log, string path, string reason);

    [LoggerMessage(105, LogLevel.Warning, "health check {Name} gave no answer: {Reason}")]
    public static partial void ProbeFailed(ILogger log, string name, string reason);
}
