using Appliance.Contracts;
using Appliance.Kernel.Permissions;
using Dapper;

namespace Appliance.Kernel.Reporting;

/// <summary>One line of what a report's query counted: by kind, name and step.</summary>
/// <remarks>Every report query answers rows of this shape, so that one pass over the rows of a period fills numbers, tables and plots.</remarks>
public sealed record ReportCount
{
    /// <summary>What was counted: the query's own word.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Of which, where it is one of many: possibly a text from outside.</summary>
    public string? Name { get; init; }

    /// <summary>A second word about <see cref="Name"/>.</summary>
    public string? Other { get; init; }

    /// <summary>Number of the step, from 1; 0 for the whole period.</summary>
    public int Step { get; init; }

    /// <summary>In the period.</summary>
    public double? Now { get; init; }

    /// <summary>In the period before.</summary>
    public double? Before { get; init; }

    /// <summary>The strictest TLP among what was counted.</summary>
    public short? Tlp { get; init; }

    /// <summary>The strictest PAP among what was counted.</summary>
    public short? Pap { get; init; }
}

/// <summary>What the report queries of all modules have in common.</summary>
public static class ReportCounts
{
    /// <summary>Parameters of a report's query: the viewer's, <c>@From @To @BeforeFrom @BeforeTo</c>, <c>@Steps</c> for <c>width_bucket</c>, and the query's own.</summary>
    public static DynamicParameters Over(Viewer viewer, ReportPeriod period, object? own = null)
    {
        var parameters = Visible.With(viewer, own);
        parameters.Add("From", period.From.UtcDateTime);
        parameters.Add("To", period.To.UtcDateTime);
        parameters.Add("BeforeFrom", period.BeforeFrom.UtcDateTime);
        parameters.Add("BeforeTo", period.BeforeTo.UtcDateTime);
        parameters.Add("Steps", period.Steps.Select(s => s.UtcDateTime).ToArray());
        parameters.Add("Most", ReportPart.MostRows);
        return parameters;
    }

    /// <summary>The number of <paramref name="kind"/>, zero where no row was counted.</summary>
    public static ReportNumber Number(this IEnumerable<ReportCount> rows, string kind, string key)
    {
        var found = rows.Where(r => r.Kind == kind && r.Step == 0).ToList();
        return new(key, found.Sum(r => r.Now ?? 0), found.Sum(r => r.Before ?? 0));
    }

    /// <summary>Values of <paramref name="kind"/> and <paramref name="name"/> over the steps.</summary>
    public static ReportCurve Line(this IEnumerable<ReportCount> rows, ReportPeriod period, string kind, string key, string style, string? name = null)
    {
        var values = new long[period.Steps.Count];
        foreach (var row in rows.Where(r => r.Kind == kind && (name is null || r.Name == name) && r.Step >= 1 && r.Step <= values.Length))
            values[row.Step - 1] += (long)Math.Round(row.Now ?? 0);
        return new(key, style, values);
    }

    /// <summary>A table of <paramref name="kind"/>: name, this period, the period before. Names are words of ours where <paramref name="word"/> makes them, else texts from outside.</summary>
    public static ReportTable Table(this IEnumerable<ReportCount> rows, string kind, string key, string nameKey, Func<string, string>? word = null) =>
        new(key, [nameKey, "kernel.report.now", "kernel.report.before"],
        [
            .. rows.Where(r => r.Kind == kind && r.Step == 0)
                .OrderByDescending(r => r.Now).ThenByDescending(r => r.Before).ThenBy(r => r.Name, StringComparer.Ordinal)
                .Take(ReportPart.MostRows)
                .Select(r => (IReadOnlyList<ReportCell>)[word is null ? ReportCell.Of(r.Name) : ReportCell.Word(word(r.Name ?? "")), ReportCell.Of(r.Now ?? 0), ReportCell.Of(r.Before ?? 0)]),
        ]);

    /// <summary>The strictest label of everything counted; the default where nothing with a label was.</summary>
    public static Marking Highest(this IEnumerable<ReportCount> rows)
    {
        var marked = rows.Where(r => r.Tlp is not null).ToList();
        return marked.Count == 0 ? Marking.Default : new((Tlp)marked.Max(r => r.Tlp!.Value), (Pap)marked.Max(r => r.Pap ?? 0));
    }
}
