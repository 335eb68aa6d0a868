using Appliance.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Modules;

/// <summary>A line of the left rail.</summary>
/// <param name="Area">home sense tickets watch share directory readiness reports admin: the rail's first level.</param>
/// <param name="TextKey">Resource key of the label.</param>
/// <param name="Path">Page.</param>
/// <param name="Permission">Who sees it.</param>
/// <param name="Order">Within its area.</param>
/// <param name="Icon">Material Symbols name, for the area's first entry.</param>
public sealed record NavigationEntry(string Area, string TextKey, string Path, Permission Permission, int Order = 0, string Icon = "");

/// <summary>When a job runs: a Quartz cron expression (UTC) or a fixed interval.</summary>
/// <param name="Cron">Quartz cron, seconds first, or null.</param>
/// <param name="Every">Interval, or null.</param>
public sealed record JobSchedule(string? Cron, TimeSpan? Every)
{
    /// <summary>By cron, UTC.</summary>
    public static JobSchedule At(string cron) => new(cron, null);

    /// <summary>Every so often, from the start of the host.</summary>
    public static JobSchedule Each(TimeSpan interval) => new(null, interval);
}

/// <summary>Deletes old rows of one table.</summary>
/// <param name="Table">Schema-qualified name, shown to the operator.</param>
/// <param name="KeepDays">Default number of days; settings may change it.</param>
/// <param name="Sql">Deletes (or drops partitions, through a function) what is older than <c>@before</c>, at most a few thousand rows a call; answers the number of rows.</param>
public sealed record RetentionRule(string Table, int KeepDays, string Sql);

/// <summary>One line of the health page. Must answer within two seconds and never throw for an expected fault.</summary>
public interface IHealthProbe
{
    /// <summary>Stable name: <c>sensing.intake-delay</c>; also the resource key prefix (<c>.title</c>, <c>.fix</c>).</summary>
    string Name { get; }

    /// <summary>Looks.</summary>
    Task<HealthReading> ReadAsync(CancellationToken cancel);
}

/// <summary>What a probe saw.</summary>
/// <param name="State">Good, degraded or failed.</param>
/// <param name="Value">What was measured, for people: a number with its unit. Never secret.</param>
/// <param name="Limit">What it is held against.</param>
/// <param name="Arguments">Particulars for the fix text.</param>
public sealed record HealthReading(HealthState State, string Value, string Limit = "", params object[] Arguments)
{
    /// <summary>Resource key of the value where it takes words, filled with <see cref="Arguments"/>; <see cref="Value"/> says the same for logs and supporters.</summary>
    public string? ValueKey { get; init; }
}

/// <summary>The three states of a check.</summary>
public enum HealthState
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Works, but someone should look.</summary>
    Degraded,

    /// <summary>Does not work.</summary>
    Failed,
}

/// <summary>Answers the top bar's search with what this viewer may see.</summary>
public interface ISearchSource
{
    /// <summary>At most <paramref name="limit"/> hits within a second.</summary>
    Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel);
}

/// <summary>One hit of the search.</summary>
/// <param name="KindKey">Resource key of the kind, for example <c>ticketing.kind.incident</c>.</param>
/// <param name="Title">Shown as escaped text.</param>
/// <param name="Path">Page.</param>
/// <param name="When">Newest first among equals.</param>
public sealed record SearchHit(string KindKey, string Title, string Path, DateTimeOffset? When = null);

/// <summary>A command of the deployable: <c>cirt {name} …</c>.</summary>
public interface IVerb
{
    /// <summary>First argument, for example <c>doctor</c>.</summary>
    string Name { get; }

    /// <summary>One English line for <c>cirt help</c>.</summary>
    string Summary { get; }

    /// <summary>True when it needs the services and the database.</summary>
    bool NeedsServices { get; }

    /// <summary>Runs it; the result is the exit code. Messages in three parts to <paramref name="io"/>.</summary>
    Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel);
}

/// <summary>What a verb was given.</summary>
/// <param name="Arguments">After the verb's name.</param>
/// <param name="Services">The services where <see cref="IVerb.NeedsServices"/>, else an empty provider.</param>
public sealed record VerbInput(IReadOnlyList<string> Arguments, IServiceProvider Services);

/// <summary>Where a verb writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Messages.</param>
public sealed record VerbOutput(TextWriter Out, TextWriter Error);
