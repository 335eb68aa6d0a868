namespace Appliance.Consoles.Reports;

/// <summary>When days begin for a reader: a day of a zone may have 23, 24 or 25 hours, and not every one begins at midnight.</summary>
internal static class LocalDays
{
    /// <summary>The day it is at <paramref name="at"/>.</summary>
    public static DateOnly Of(DateTimeOffset at, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    /// <summary>The first second of <paramref name="day"/>, UTC. Where the clocks jump over midnight it is the moment of the jump; a day that a zone left out is empty.</summary>
    public static DateTimeOffset Begin(DateOnly day, TimeZoneInfo zone)
    {
        // Looked for rather than converted: a midnight may come twice, or never.
        var midnight = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        var (low, high) = (midnight.AddHours(-30), midnight.AddHours(30));
        while (high - low > TimeSpan.FromSeconds(1))
        {
            var middle = low.AddSeconds(Math.Floor((high - low).TotalSeconds / 2));
            (low, high) = Of(middle, zone) >= day ? (low, middle) : (middle, high);
        }
        return high;
    }

    /// <summary>The Monday of its week (ISO 8601).</summary>
    public static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));

    /// <summary>The first of its month.</summary>
    public static DateOnly First(DateOnly day) => new(day.Year, day.Month, 1);
}
