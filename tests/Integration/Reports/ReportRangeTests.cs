using System.Globalization;
using Appliance.Consoles.Reports;
using Xunit;

namespace Appliance.Integration.Reports;

/// <summary>When periods begin and end: zones with odd offsets, days of 23 and 25 hours, midnights that never come, weeks across years.</summary>
public sealed class ReportRangeTests
{
    private static readonly DateTimeOffset s_now = At("2026-11-18T10:20Z");

    [Theory]
    [InlineData("UTC", "2026-11-18", "2026-11-18T00:00Z", 24)]
    [InlineData("Asia/Kathmandu", "2026-11-18", "2026-11-17T18:15Z", 24)]
    [InlineData("Europe/Paris", "2026-03-29", "2026-03-28T23:00Z", 23)]
    [InlineData("Europe/Paris", "2026-10-25", "2026-10-24T22:00Z", 25)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", 24.5)]
    [InlineData("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z", 23)] // The clocks go from 24:00 to 01:00: the day begins at one.
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00Z", 25)] // Midnight comes twice: the day begins with the first.
    [InlineData("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", 0)] // A day that was left out.
    public void Day_begins_when_the_readers_zone_says(string zone, string day, string begin, double hours)
    {
        var (where, date) = (Zone(zone), DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture));

        Assert.Equal(At(begin), LocalDays.Begin(date, where));
        Assert.Equal(hours, (LocalDays.Begin(date.AddDays(1), where) - LocalDays.Begin(date, where)).TotalHours);
    }

    [Theory]
    [InlineData("2026-01-01", "2025-12-28T23:00Z", "2026-01-04T23:00Z", "2025-12-21T23:00Z")] // A Thursday: its week is the first of the year and begins in the old one.
    [InlineData("2027-01-03", "2026-12-27T23:00Z", "2027-01-03T23:00Z", "2026-12-20T23:00Z")] // A Sunday: week 53 of the year before.
    [InlineData("2026-03-29", "2026-03-22T23:00Z", "2026-03-29T22:00Z", "2026-03-15T23:00Z")] // The week in which the clocks go forward has 167 hours.
    public void Week_runs_from_Monday_to_Sunday(string at, string from, string to, string before)
    {
        var range = Find(new("week", at), "Europe/Paris", At("2027-06-01T00:00Z"));

        Assert.Equal((At(from), At(to), At(before), At(from)), (range.Period.From, range.Period.To, range.Period.BeforeFrom, range.Period.BeforeTo));
        Assert.Equal(7, range.Period.Steps.Count);
        Assert.False(range.Runs);
    }

    [Theory]
    [InlineData("2026-02-10", 28, 31)]
    [InlineData("2028-02-29", 29, 31)]
    [InlineData("2026-03-31", 31, 28)]
    [InlineData("2026-01-31", 31, 31)]
    public void Month_is_compared_with_the_month_before_however_long_that_was(string at, int days, int before)
    {
        var range = Find(new("month", at), "UTC", At("2029-01-01T00:00Z"));

        Assert.Equal(days, (range.Period.To - range.Period.From).TotalDays);
        Assert.Equal(before, (range.Period.BeforeTo - range.Period.BeforeFrom).TotalDays);
        Assert.Equal(days, range.Period.Steps.Count);
        Assert.Equal(1, range.Period.BeforeFrom.Day);
    }

    [Theory]
    [InlineData("day")]
    [InlineData("week")]
    [InlineData("month")]
    public void Period_that_begins_this_very_minute_is_there_and_empty(string kind)
    {
        var now = At("2027-02-01T00:00Z"); // A Monday, the first of a month.

        var range = Find(new(kind), "UTC", now.AddSeconds(30));

        Assert.Equal((now, now), (range.Period.From, range.Period.To));
        Assert.True(range.Runs);
        Assert.Null(range.Next);
        Assert.Equal([now], range.Period.Steps);
        Assert.NotNull(Find(new(kind, "2027-01-31"), "UTC", now).Next);
    }

    [Fact]
    public void Running_week_is_counted_until_now_and_compared_with_the_same_stretch()
    {
        var range = Find(new("week"), "Asia/Kathmandu");

        Assert.True(range.Runs);
        Assert.Equal(At("2026-11-15T18:15Z"), range.Period.From);
        Assert.Equal(s_now, range.Period.To);
        Assert.Equal(At("2026-11-08T18:15Z"), range.Period.BeforeFrom);
        Assert.Equal(s_now.AddDays(-7), range.Period.BeforeTo);
        Assert.Equal([At("2026-11-15T18:15Z"), At("2026-11-16T18:15Z"), At("2026-11-17T18:15Z")], range.Period.Steps);
        Assert.Null(range.Next);
        Assert.Equal("?kind=week&at=2026-11-09", range.Back!.Query);
        Assert.Equal("?kind=week&at=2026-11-16", range.Address.Query);
    }

    [Fact]
    public void Thirtieth_of_March_lasts_no_longer_in_February()
    {
        var range = Find(new("month"), "UTC", At("2026-03-30T12:00Z"));

        // February had no thirtieth day: what is compared with ends where February ends.
        Assert.Equal((At("2026-02-01T00:00Z"), At("2026-03-01T00:00Z")), (range.Period.BeforeFrom, range.Period.BeforeTo));
    }

    [Fact]
    public void Shift_ends_now_by_the_minute_and_steps_back_and_forward_to_now()
    {
        var last = Find(new(), "Asia/Kathmandu", s_now.AddSeconds(42));
        Assert.Equal((s_now.AddHours(-8), s_now), (last.Period.From, last.Period.To));
        Assert.Equal(8, last.Period.Steps.Count);
        Assert.Null(last.Next);
        Assert.Equal("?kind=shift&at=2026-11-18T10:20Z", Uri.UnescapeDataString(last.Address.Query));

        var before = Find(last.Back!, "UTC");
        Assert.Equal((s_now.AddHours(-16), s_now.AddHours(-8)), (before.Period.From, before.Period.To));
        Assert.Equal("?kind=shift", before.Next!.Query);
        Assert.Equal((s_now.AddHours(-16), s_now.AddHours(-8)), (last.Period.BeforeFrom, last.Period.BeforeTo));

        Assert.Equal(12, (Find(new("shift", Hours: 12), "UTC").Period is var twelve ? twelve.To - twelve.From : default).TotalHours);
        Assert.Equal(s_now, Find(new("shift", "2099-01-01T00:00Z"), "UTC").Period.To);
    }

    [Fact]
    public void Own_dates_include_the_last_and_are_compared_with_as_many_days_before()
    {
        var range = Find(new("custom", From: "2026-10-20", To: "2026-10-26"), "Europe/Paris");

        Assert.Equal((At("2026-10-19T22:00Z"), At("2026-10-26T23:00Z")), (range.Period.From, range.Period.To));
        Assert.Equal((At("2026-10-12T22:00Z"), At("2026-10-19T22:00Z")), (range.Period.BeforeFrom, range.Period.BeforeTo));
        Assert.Equal("?kind=custom&from=2026-10-13&to=2026-10-19", range.Back!.Query);
        Assert.Equal("?kind=custom&from=2026-10-27&to=2026-11-02", range.Next!.Query);
    }

    [Theory]
    [InlineData("2026-11-17", "2026-11-18", 35)] // Two days, the second running: a bar an hour.
    [InlineData("2026-09-01", "2026-10-31", 61)]
    [InlineData("2025-11-18", "2026-11-18", 53)] // A year: a bar a week.
    public void Bars_are_hours_days_or_weeks_by_the_length(string from, string to, int steps) =>
        Assert.Equal(steps, Find(new("custom", From: from, To: to), "UTC").Period.Steps.Count);

    [Theory]
    [InlineData("year", null, null, null, null, "console.report.wrong-kind")]
    [InlineData("shift", null, 7, null, null, "console.report.wrong-hours")]
    [InlineData("shift", "yesterday", null, null, null, "console.report.wrong-at")]
    [InlineData("week", "2026-02-30", null, null, null, "console.report.wrong-at")]
    [InlineData("week", "1999-02-03", null, null, null, "console.report.wrong-at")]
    [InlineData("week", "<script>", null, null, null, "console.report.wrong-at")]
    [InlineData("day", "2026-11-19", null, null, null, "console.report.future")]
    [InlineData("custom", null, null, "2026-11-2", "2026-11-03", "console.report.wrong-day")]
    [InlineData("custom", null, null, "2026-11-04", "2026-11-03", "console.report.wrong-order")]
    [InlineData("custom", null, null, "2024-11-04", "2026-11-03", "console.report.too-long")]
    public void Period_that_cannot_be_is_refused_with_its_reason(string kind, string? at, int? hours, string? from, string? to, string key) =>
        Assert.Equal(key, ReportRange.Find(new(kind, at, hours, from, to), TimeZoneInfo.Utc, s_now).Refusals[0].Key);

    private static ReportRange Find(ReportAddress address, string zone, DateTimeOffset? now = null) => ReportRange.Find(address, Zone(zone), now ?? s_now).Value;

    private static TimeZoneInfo Zone(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    private static DateTimeOffset At(string text) => DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
