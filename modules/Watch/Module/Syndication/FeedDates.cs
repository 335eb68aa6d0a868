using System.Globalization;
using System.Text.RegularExpressions;

namespace Appliance.Watch.Syndication;

/// <summary>Dates as feeds write them: RFC 822 with every liberty taken, W3C date-time, and plain days. UTC, or null.</summary>
internal static partial class FeedDates
{
    private static readonly string[] s_months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    private static readonly Dictionary<string, double> s_zones = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UT"] = 0, ["GMT"] = 0, ["UTC"] = 0, ["Z"] = 0, ["EST"] = -5, ["EDT"] = -4, ["CST"] = -6, ["CDT"] = -5, ["MST"] = -7, ["MDT"] = -6, ["PST"] = -8, ["PDT"] = -7,
        ["AST"] = -4, ["ADT"] = -3, ["WET"] = 0, ["WEST"] = 1, ["BST"] = 1, ["CET"] = 1, ["CEST"] = 2, ["MET"] = 1, ["EET"] = 2, ["EEST"] = 3, ["MSK"] = 3, ["JST"] = 9, ["KST"] = 9,
        ["A"] = -1, ["M"] = -12, ["N"] = 1, ["Y"] = 12, ["ET"] = -5, ["CT"] = -6, ["MT"] = -7, ["PT"] = -8,
    };

    public static DateTimeOffset? Read(string? text)
    {
        text = text?.Trim() ?? "";
        if (text.Length is 0 or > 80)
            return null;
        return ReadIso(text) ?? ReadMail(text) ?? ReadLoose(text);
    }

    private static DateTimeOffset? ReadIso(string text)
    {
        var match = Iso().Match(text);
        if (!match.Success)
            return null;
        int Part(int group, int otherwise) => match.Groups[group].Success && match.Groups[group].Length > 0 ? int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : otherwise;
        var year = Part(1, 0);
        var offset = Offset(match.Groups[8].Value);
        return offset is null ? null : Make(year, Part(2, 1), Part(3, 1), Part(4, 0), Part(5, 0), Part(6, 0), offset.Value);
    }

    private static DateTimeOffset? ReadMail(string text)
    {
        var match = Mail().Match(text);
        if (!match.Success)
            return null;
        var (first, second) = (match.Groups[1].Value, match.Groups[2].Value);
        var dayFirst = char.IsAsciiDigit(first[0]);
        var month = MonthOf(dayFirst ? second : first);
        if (month == 0 || !int.TryParse(dayFirst ? first : second, NumberStyles.None, CultureInfo.InvariantCulture, out var day))
            return null;
        var year = int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
        if (match.Groups[3].Length == 2)
            year += year < 70 ? 2000 : 1900;
        int Part(int group) => match.Groups[group].Length > 0 ? int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var zone = match.Groups[7].Value;
        return Make(year, month, day, Part(4), Part(5), Part(6), Offset(zone) ?? TimeSpan.Zero);
    }

    private static DateTimeOffset? ReadLoose(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && time.Year is > 1970 and < 2200 ? time : null;

    private static DateTimeOffset? Make(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)
    {
        if (year is < 1900 or > 2200 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 24 || minute > 59 || second > 61)
            return null;
        var time = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).AddHours(hour).AddMinutes(minute).AddSeconds(second) - offset;
        return new DateTimeOffset(time, TimeSpan.Zero);
    }

    private static int MonthOf(string word) => word.Length < 3 ? 0 : Array.FindIndex(s_months, m => word.StartsWith(m, StringComparison.OrdinalIgnoreCase)) + 1;

    private static TimeSpan? Offset(string zone)
    {
        zone = zone.Trim();
        if (zone.Length == 0)
            return TimeSpan.Zero;
        if (s_zones.TryGetValue(zone, out var hours))
            return TimeSpan.FromHours(hours);
        var match = Numeric().Match(zone);
        if (!match.Success)
            return null;
        var minutes = (int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) * 60) + (match.Groups[3].Length > 0 ? int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture) : 0);
        return minutes > 15 * 60 ? null : TimeSpan.FromMinutes(match.Groups[1].ValueSpan is "-" ? -minutes : minutes);
    }

    [GeneratedRegex(@"^(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|z|UTC|GMT|[+-]\d{1,2}:?\d{0,2})?)?$", RegexOptions.NonBacktracking)]
    private static partial Regex Iso();

    [GeneratedRegex(@"^(?:[A-Za-z]{2,9}\.?,?\s*)??(\d{1,2}|[A-Za-z]{3,9})\.?[\s\-,]+([A-Za-z]{3,9}|\d{1,2})\.?[\s\-,]+(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\s*([A-Za-z]{1,5}|(?:GMT|UTC)?[+-]\d{1,2}:?\d{0,2})?)?\s*(?:\(.*\))?$", RegexOptions.NonBacktracking)]
    private static partial Regex Mail();

    [GeneratedRegex(@"^(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?$", RegexOptions.NonBacktracking)]
    private static partial Regex Numeric();
}
