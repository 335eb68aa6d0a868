namespace Appliance.Contracts;

/// <summary>What a module counts over a period, for the Reports area. Each module registers one. Safe from any thread.</summary>
/// <remarks>Everything is counted as the viewer may see it, exercises left out; a section that lasts is cancelled by the asker and shown as late.</remarks>
public interface IReportParts
{
    /// <summary>The sections this module can fill, in the order in which they stand. Pure.</summary>
    IReadOnlyList<ReportSection> Sections { get; }

    /// <summary>Counts one of <see cref="Sections"/>.</summary>
    /// <param name="viewer">Who holds the section's permission.</param>
    /// <param name="section">Its key.</param>
    /// <param name="period">Over what.</param>
    /// <param name="cancel">Ends the counting, also in the database.</param>
    Task<ReportPart> ReadAsync(Viewer viewer, string section, ReportPeriod period, CancellationToken cancel);
}

/// <summary>A section that can be chosen.</summary>
/// <param name="Key">Resource key of its title, and its name in addresses and files: <c>ticketing.report.incidents</c>.</param>
/// <param name="Permission">What a reader of it must hold.</param>
public sealed record ReportSection(string Key, Permission Permission);

/// <summary>A period and the one before it, half open, UTC.</summary>
/// <param name="From">Included.</param>
/// <param name="To">Excluded; never after now.</param>
/// <param name="BeforeFrom">Begin of what is compared with, included.</param>
/// <param name="BeforeTo">Its end, excluded: as far into the period before as <paramref name="To"/> is into this one.</param>
/// <param name="Steps">The points of the plots: the beginning of every step, the first one <paramref name="From"/>.</param>
public sealed record ReportPeriod(DateTimeOffset From, DateTimeOffset To, DateTimeOffset BeforeFrom, DateTimeOffset BeforeTo, IReadOnlyList<DateTimeOffset> Steps);

/// <summary>What one section found.</summary>
/// <param name="Numbers">Counts with those of the period before.</param>
/// <param name="Tables">Short tables, at most ten rows each.</param>
/// <param name="Plots">Time series.</param>
/// <param name="Highest">The strictest label of what was counted; <see cref="Marking.Default"/> where nothing with a label was.</param>
public sealed record ReportPart(IReadOnlyList<ReportNumber> Numbers, IReadOnlyList<ReportTable> Tables, IReadOnlyList<ReportPlot> Plots, Marking Highest)
{
    /// <summary>Rows of a table at most.</summary>
    public const int MostRows = 10;
}

/// <summary>One number.</summary>
/// <param name="Key">Resource key of what was counted.</param>
/// <param name="Value">In this period; null where there was nothing to measure.</param>
/// <param name="Before">In the period before; null where there was nothing, or where the number is of one moment.</param>
/// <param name="Unit">What it is a number of.</param>
public sealed record ReportNumber(string Key, double? Value, double? Before, ReportUnit Unit = ReportUnit.Count);

/// <summary>How a number is written.</summary>
public enum ReportUnit
{
    /// <summary>So many.</summary>
    Count,

    /// <summary>Minutes that passed.</summary>
    Minutes,

    /// <summary>A moment, in seconds since 1970, UTC.</summary>
    Moment,
}

/// <summary>A short table.</summary>
/// <param name="Key">Resource key of its title.</param>
/// <param name="Columns">Resource keys of the columns; the first is what the rows are.</param>
/// <param name="Rows">The most important first; as many cells as columns.</param>
public sealed record ReportTable(string Key, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<ReportCell>> Rows);

/// <summary>One cell: a text from outside, words of ours, or a number.</summary>
public sealed record ReportCell
{
    /// <summary>Text from outside: untrusted.</summary>
    public string? Text { get; init; }

    /// <summary>Resource key of words of ours.</summary>
    public string? Key { get; init; }

    /// <summary>A number.</summary>
    public double? Number { get; init; }

    /// <summary>What it is a number of.</summary>
    public ReportUnit Unit { get; init; }

    /// <summary>True for a text of several lines, which is shown as it was written.</summary>
    public bool IsLong { get; init; }

    /// <summary>Text that came from outside.</summary>
    public static ReportCell Of(string? text) => new() { Text = text ?? "" };

    /// <summary>Words of ours.</summary>
    public static ReportCell Word(string key) => new() { Key = key };

    /// <summary>A number; null draws a dash.</summary>
    public static ReportCell Of(double? number, ReportUnit unit = ReportUnit.Count) => new() { Number = number, Unit = unit };
}

/// <summary>A time series over the steps of the period.</summary>
/// <param name="Key">Resource key of its title.</param>
/// <param name="Unit">What the values are.</param>
/// <param name="Lines">Its parts, stacked.</param>
public sealed record ReportPlot(string Key, ReportUnit Unit, IReadOnlyList<ReportCurve> Lines);

/// <summary>One part of a time series.</summary>
/// <param name="Key">Resource key of its name.</param>
/// <param name="Style"><c>informational low medium high critical</c> for severities, or <c>a b c d</c>.</param>
/// <param name="Values">One per step.</param>
public sealed record ReportCurve(string Key, string Style, IReadOnlyList<long> Values);
