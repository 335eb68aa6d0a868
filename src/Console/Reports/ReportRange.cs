using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Consoles.Reports;

/// <summary>The period an address asks for, in the reader's zone.</summary>
/// <param name="Address">The address with the period written out: a pasted link stays what it was.</param>
/// <param name="Period">What is counted.</param>
/// <param name="End">Where the period ends; later than the period counted while it is running.</param>
/// <param name="Zone">The reader's.</param>
/// <param name="Back">Address of the period before.</param>
/// <param name="Next">Address of the period after, or null where it has not begun.</param>
public sealed record ReportRange(ReportAddress Address, ReportPeriod Period, DateTimeOffset End, TimeZoneInfo Zone, ReportAddress? Back, ReportAddress? Next)
{
    private const int MostDays = 366;

    /// <summary>Up to this long a plot has a bar an hour; then a bar a day, and a bar a week beyond a quarter.</summary>
    private static readonly TimeSpan s_byHour = TimeSpan.FromHours(50);

    private static readonly DateOnly s_first = new(2000, 1, 1);

    /// <summary>True while the period is running.</summary>
    public bool Runs => Period.To < End;

    /// <summary>The period that <paramref name="address"/> asks for at <paramref name="now"/>, or why there is none.</summary>
    public static Outcome<ReportRange> Find(ReportAddress address, TimeZoneInfo zone, DateTimeOffset now)
    {
        // By the minute: the page, its print and its files are to agree.
        now = new DateTimeOffset(now.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
        return address.KindOrFirst switch
        {
            "shift" => Shift(address, zone, now),
            "custom" => Custom(address, zone, now),
            "day" or "week" or "month" => Calendar(address, zone, now),
            _ => Refuse.Invalid("console.report.wrong-kind", "kind", string.Join(", ", ReportAddress.Kinds)),
        };
    }

    private static Outcome<ReportRange> Shift(ReportAddress address, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (address.ShiftHours is not (8 or 12))
            return Refuse.Invalid("console.report.wrong-hours", "hours");
        var (length, end) = (TimeSpan.FromHours(address.ShiftHours), now);
        if (!string.IsNullOrEmpty(address.At) && !TryMoment(address.At, out end))
            return Refuse.Invalid("console.report.wrong-at", "at");
        end = end > now ? now : end;
        var from = end - length;
        var later = end + length;
        return new ReportRange(
            address with { At = Moment(end) },
            new(from, end, from - length, from, Steps(from, end, end, zone)),
            end,
            zone,
            address with { At = Moment(from) },
            end == now ? null : address with { At = later >= now ? null : Moment(later) });
    }

    private static Outcome<ReportRange> Calendar(ReportAddress address, TimeZoneInfo zone, DateTimeOffset now)
    {
        var day = LocalDays.Of(now, zone);
        if (!string.IsNullOrEmpty(address.At) && !TryDay(address.At, out day))
            return Refuse.Invalid("console.report.wrong-at", "at");
        var (first, after, before) = address.KindOrFirst switch
        {
            "day" => (day, day.AddDays(1), day.AddDays(-1)),
            "week" => (LocalDays.Monday(day), LocalDays.Monday(day).AddDays(7), LocalDays.Monday(day).AddDays(-7)),
            _ => (LocalDays.First(day), LocalDays.First(day).AddMonths(1), LocalDays.First(day).AddMonths(-1)),
        };
        return Between(address with { At = Day(first) }, first, after, before, zone, now, address with { At = Day(before) }, address with { At = Day(after) });
    }

    private static Outcome<ReportRange> Custom(ReportAddress address, TimeZoneInfo zone, DateTimeOffset now)
    {
        var (first, last) = (LocalDays.Of(now, zone), LocalDays.Of(now, zone));
        var wrong = new List<Refusal>();
        if (!string.IsNullOrEmpty(address.From) && !TryDay(address.From, out first))
            wrong.Add(Refuse.Invalid("console.report.wrong-day", "from"));
        if (!string.IsNullOrEmpty(address.To) && !TryDay(address.To, out last))
            wrong.Add(Refuse.Invalid("console.report.wrong-day", "to"));
        if (string.IsNullOrEmpty(address.From) && first > last)
            first = last;
        if (wrong.Count == 0 && last < first)
            wrong.Add(Refuse.Invalid("console.report.wrong-order", "to"));
        if (wrong.Count == 0 && last.DayNumber - first.DayNumber >= MostDays)
            wrong.Add(Refuse.Invalid("console.report.too-long", "to", MostDays));
        if (wrong.Count > 0)
            return Outcome<ReportRange>.Refused(wrong);
        var days = last.DayNumber - first.DayNumber + 1;
        ReportAddress Of(DateOnly from) => address with { From = Day(from), To = Day(from.AddDays(days - 1)) };
        return Between(Of(first), first, first.AddDays(days), first.AddDays(-days), zone, now, Of(first.AddDays(-days)), Of(first.AddDays(days)));
    }

    private static Outcome<ReportRange> Between(ReportAddress address, DateOnly first, DateOnly after, DateOnly before, TimeZoneInfo zone, DateTimeOffset now, ReportAddress back, ReportAddress next)
    {
        var (from, end, beforeFrom) = (LocalDays.Begin(first, zone), LocalDays.Begin(after, zone), LocalDays.Begin(before, zone));
        if (from > now)
            return Refuse.Invalid("console.report.future", address.KindOrFirst == "custom" ? "from" : "at");
        var to = end > now ? now : end;
        var beforeTo = end > now && beforeFrom + (to - from) is var sameFar && sameFar < from ? sameFar : from;
        return new ReportRange(address, new(from, to, beforeFrom, beforeTo, Steps(from, to, end, zone)), end, zone, before < s_first ? null : back, end > now ? null : next);
    }

    /// <summary>The beginnings of the bars of a plot: by the length of the whole period, as far as it has come.</summary>
    private static List<DateTimeOffset> Steps(DateTimeOffset from, DateTimeOffset to, DateTimeOffset end, TimeZoneInfo zone)
    {
        var steps = new List<DateTimeOffset> { from };
        if (end - from <= s_byHour)
        {
            for (var at = from.AddHours(1); at < to; at = at.AddHours(1))
                steps.Add(at);
            return steps;
        }
        var days = end - from <= TimeSpan.FromDays(93) ? 1 : 7;
        for (var day = LocalDays.Of(from, zone).AddDays(days); LocalDays.Begin(day, zone) is var at && at < to; day = day.AddDays(days))
            // A day that a zone left out begins with the next.
            if (at > steps[^1])
                steps.Add(at);
        return steps;
    }

    private static bool TryDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day >= s_first && day.Year < 2200;

    private static bool TryMoment(string text, out DateTimeOffset at) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out at) && at.Year is >= 2000 and < 2200;

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
}
