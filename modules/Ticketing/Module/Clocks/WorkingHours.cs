using System.Globalization;

namespace Appliance.Ticketing.Clocks;

/// <summary>When the team works: weekdays, hours and holidays in one time zone. Immutable, safe from any thread.</summary>
/// <remarks>Without days the team works round the clock, and so do incidents of the severities named in <paramref name="roundTheClock"/>.</remarks>
internal sealed class WorkingHours(TimeZoneInfo zone, IReadOnlySet<DayOfWeek> days, TimeOnly from, TimeOnly to, IReadOnlySet<DateOnly> holidays, IReadOnlySet<int> roundTheClock)
{
    private const int MostDays = 3660;

    /// <summary>As set; the settings were validated before.</summary>
    public static WorkingHours Of(TicketingOptions options) => new(
        TimeZoneInfo.FindSystemTimeZoneById(options.WorkZone),
        options.WorkDays.Select(d => Enum.Parse<DayOfWeek>(d, ignoreCase: true)).ToHashSet(),
        TimeOnly.ParseExact(options.WorkFrom, "HH:mm", CultureInfo.InvariantCulture),
        TimeOnly.ParseExact(options.WorkTo, "HH:mm", CultureInfo.InvariantCulture),
        options.Holidays.Select(h => DateOnly.ParseExact(h, "yyyy-MM-dd", CultureInfo.InvariantCulture)).ToHashSet(),
        options.RoundTheClock.ToHashSet());

    /// <summary>The time at which <paramref name="minutes"/> of working time have passed since <paramref name="start"/>.</summary>
    public DateTimeOffset Add(DateTimeOffset start, int minutes, int severity)
    {
        if (Always(severity))
            return start.AddMinutes(minutes);
        var left = TimeSpan.FromMinutes(minutes);
        foreach (var (begin, end) in Spans(start))
        {
            if (end - begin >= left)
                return begin + left;
            left -= end - begin;
        }
        return start.AddMinutes(minutes);
    }

    /// <summary>Minutes of working time between the two; none when <paramref name="end"/> lies before <paramref name="start"/>.</summary>
    public int Between(DateTimeOffset start, DateTimeOffset end, int severity)
    {
        if (end <= start)
            return 0;
        if (Always(severity))
            return (int)(end - start).TotalMinutes;
        var passed = TimeSpan.Zero;
        foreach (var (begin, until) in Spans(start).TakeWhile(s => s.Begin < end))
            passed += (until < end ? until : end) - begin;
        return (int)passed.TotalMinutes;
    }

    private bool Always(int severity) => days.Count == 0 || roundTheClock.Contains(severity);

    /// <summary>The spans of work from <paramref name="start"/> on, at most ten years of them. Local hours become UTC day by day, so that a change of the clocks moves no opening hour.</summary>
    private IEnumerable<(DateTimeOffset Begin, DateTimeOffset End)> Spans(DateTimeOffset start)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(start, zone).DateTime);
        for (var i = 0; i < MostDays; i++, day = day.AddDays(1))
        {
            if (!days.Contains(day.DayOfWeek) || holidays.Contains(day))
                continue;
            var (begin, end) = (Utc(day, from), to > from ? Utc(day, to) : Utc(day.AddDays(1), to));
            if (end > start)
                yield return (begin > start ? begin : start, end);
        }
    }

    private DateTimeOffset Utc(DateOnly day, TimeOnly time)
    {
        var local = day.ToDateTime(time, DateTimeKind.Unspecified);
        // An hour that the clocks skip begins when they have skipped it.
        if (zone.IsInvalidTime(local))
            local = local.AddHours(1);
        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }
}
