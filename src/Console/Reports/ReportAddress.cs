using System.Globalization;

namespace Appliance.Consoles.Reports;

/// <summary>What an address says of a report: the page, the print and the files are all asked for with the same words.</summary>
/// <param name="Kind"><c>shift</c> (where none is said), <c>day</c>, <c>week</c>, <c>month</c>, <c>custom</c>.</param>
/// <param name="At">For a shift the moment at which it ends, UTC; else any day within. Left out: the one that is running.</param>
/// <param name="Hours">Length of a shift: 8 or 12.</param>
/// <param name="From">First day of a custom period.</param>
/// <param name="To">Its last day.</param>
/// <param name="Sections">Keys of sections; none: all that the reader may see.</param>
public sealed record ReportAddress(string? Kind = null, string? At = null, int? Hours = null, string? From = null, string? To = null, IReadOnlyList<string>? Sections = null)
{
    /// <summary>The kinds, in the order of their tabs.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["shift", "day", "week", "month", "custom"];

    /// <summary>The kind, the first where none is said.</summary>
    public string KindOrFirst => string.IsNullOrEmpty(Kind) ? Kinds[0] : Kind;

    /// <summary>Hours of a shift, eight where none are said.</summary>
    public int ShiftHours => Hours ?? 8;

    /// <summary>The sections that were chosen, or null for all.</summary>
    public IReadOnlyList<string>? Chosen => Sections is { Count: > 0 } ? Sections : null;

    /// <summary>The query with its question mark; what says nothing is left out.</summary>
    public string Query
    {
        get
        {
            var parts = new (string Name, string? Value)[]
            {
                ("kind", KindOrFirst),
                ("hours", KindOrFirst == "shift" && ShiftHours != 8 ? ShiftHours.ToString(CultureInfo.InvariantCulture) : null),
                ("at", KindOrFirst == "custom" ? null : At),
                ("from", KindOrFirst == "custom" ? From : null),
                ("to", KindOrFirst == "custom" ? To : null),
            };
            return "?" + string.Join('&', parts.Concat((Chosen ?? []).Select(s => ("sections", (string?)s))).Where(p => !string.IsNullOrEmpty(p.Item2)).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}"));
        }
    }
}
