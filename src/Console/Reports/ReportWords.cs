using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Consoles.Reports;

/// <summary>How the numbers of a report are said.</summary>
internal static class ReportWords
{
    /// <summary>A number for people; a dash where there is none. Moments are drawn by the page.</summary>
    public static string Value(IText text, double? value, ReportUnit unit) => value switch
    {
        null => "–",
        { } minutes when unit == ReportUnit.Minutes => Duration(text, minutes),
        { } count => Math.Round(count).ToString("N0", CultureInfo.CurrentCulture),
    };

    /// <summary>How a number changed against the period before, in parts of a hundred; a dash where that says nothing.</summary>
    public static string Change(ReportNumber number)
    {
        if (number.Unit == ReportUnit.Moment || number is not { Value: { } now, Before: { } before } || before == 0)
            return "–";
        var change = Math.Round(100 * (now - before) / before);
        return string.Create(CultureInfo.CurrentCulture, $"{(change > 0 ? "+" : change < 0 ? "−" : "±")}{Math.Abs(change):N0} %");
    }

    /// <summary>Words of ours by their key, else its last part: a type that the product does not know keeps its own name.</summary>
    public static string Word(IText text, string key) => text.Has(key) ? text[key] : key[(key.LastIndexOf('.') + 1)..];

    /// <summary>The name of the period: the day, the week or month as ISO 8601 writes it.</summary>
    public static string Title(IText text, ReportRange range)
    {
        var (kind, first) = (range.Address.KindOrFirst, LocalDays.Of(range.Period.From, range.Zone));
        return kind switch
        {
            "shift" => text["console.report.title.shift", range.Address.ShiftHours],
            "week" => text["console.report.title.week", string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(first.ToDateTime(default))}-W{ISOWeek.GetWeekOfYear(first.ToDateTime(default)):00}")],
            "month" => text["console.report.title.month", first.ToString("yyyy-MM", CultureInfo.InvariantCulture)],
            "day" => text["console.report.title.day", first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)],
            _ => text["console.report.title.custom", range.Address.From, range.Address.To],
        };
    }

    private static string Duration(IText text, double minutes)
    {
        var span = TimeSpan.FromMinutes(Math.Round(Math.Max(0, minutes)));
        return span switch
        {
            { TotalMinutes: < 60 } => text["console.report.minutes", span.Minutes],
            { TotalHours: < 48 } => text["console.report.hours", (int)span.TotalHours, span.Minutes],
            _ => text["console.report.days", (int)span.TotalDays, span.Hours],
        };
    }
}
