using System.Globalization;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Ticketing.Tests.Clocks;

public sealed class WorkingHoursTests
{
    private static readonly TicketingOptions s_office = new()
    {
        WorkDays = ["sunday", "monday", "tuesday", "wednesday", "thursday"],
        WorkFrom = "08:00",
        WorkTo = "16:00",
        WorkZone = "Africa/Cairo",
        Holidays = ["2026-10-06"],
        RoundTheClock = [1],
    };

    // Cairo is three hours ahead of UTC in summer and two in winter; Friday and Saturday are free there.
    [Theory]
    [InlineData("2026-10-01 06:00", 60, "2026-10-01 07:00")]
    [InlineData("2026-10-01 12:30", 60, "2026-10-04 05:30")]
    [InlineData("2026-10-02 09:00", 30, "2026-10-04 05:30")]
    [InlineData("2026-10-05 12:00", 120, "2026-10-07 06:00")]
    [InlineData("2026-10-29 12:00", 120, "2026-11-01 07:00")]
    [InlineData("2026-10-01 05:00", 480, "2026-10-01 13:00")]
    public void Minutes_count_in_working_time_alone(string start, int minutes, string end) =>
        Assert.Equal(At(end), WorkingHours.Of(s_office).Add(At(start), minutes, 3));

    [Fact]
    public void Severities_that_run_round_the_clock_do_not_wait_for_morning() =>
        Assert.Equal(At("2026-10-02 10:00"), WorkingHours.Of(s_office).Add(At("2026-10-02 09:00"), 60, 1));

    [Fact]
    public void Time_between_is_the_time_that_was_added()
    {
        var hours = WorkingHours.Of(s_office);
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var start = At("2026-09-20 00:00").AddMinutes(random.Next(60 * 24 * 60));
            var minutes = random.Next(1, 5000);
            Assert.Equal(minutes, hours.Between(start, hours.Add(start, minutes, 3), 3));
        }
    }

    [Fact]
    public void Night_shift_ends_on_the_next_day() =>
        Assert.Equal(At("2026-10-02 01:30"), WorkingHours.Of(s_office with { WorkFrom = "22:00", WorkTo = "06:00", WorkZone = "UTC" }).Add(At("2026-10-01 23:30"), 120, 3));

    [Fact]
    public void Time_to_resolve_stands_still_while_others_are_waited_for()
    {
        var clocks = new IncidentClocks(new());
        var start = At("2026-10-01 08:00");
        var worked = new IncidentSnapshot { State = "in-progress", StateSince = start, Severity = 2, RsitType = "other/other", ResolveDueAt = clocks.Resolve(2, start) };
        var waiting = clocks.Run(worked, worked with { State = "waiting" }, start.AddHours(2));
        Assert.Equal((70 * 60, null), (waiting.ResolveLeftMinutes!.Value, waiting.DueAt));
        var again = clocks.Run(waiting, waiting with { State = "in-progress" }, start.AddHours(50));
        Assert.Equal((start.AddHours(120), null), (again.ResolveDueAt!.Value, again.ResolveLeftMinutes));
    }

    [Fact]
    public void Snoozed_incident_is_due_when_it_wakes_and_its_clock_goes_on_then()
    {
        var clocks = new IncidentClocks(new());
        var start = At("2026-10-01 08:00");
        var fresh = new IncidentSnapshot { State = "new", StateSince = start, Severity = 3, RsitType = "other/other", DueAt = clocks.TakeUp(3, start), ResolveDueAt = clocks.Resolve(3, start) };
        var asleep = clocks.Run(fresh, fresh with { SnoozedUntil = start.AddDays(2) }, start.AddHours(1));
        Assert.Equal((start.AddDays(2), 239 * 60), (asleep.DueAt!.Value, asleep.ResolveLeftMinutes!.Value));
        var awake = clocks.Run(asleep, asleep with { SnoozedUntil = null }, start.AddDays(2));
        Assert.Equal((start.AddDays(2).AddHours(4), start.AddDays(2).AddHours(239)), (awake.DueAt!.Value, awake.ResolveDueAt!.Value));
    }

    [Fact]
    public void Raised_severity_shortens_the_time_that_is_left_not_the_time_that_has_passed()
    {
        var clocks = new IncidentClocks(new());
        var start = At("2026-10-01 08:00");
        var before = new IncidentSnapshot { State = "new", StateSince = start, Severity = 3, RsitType = "other/other", ResolveDueAt = clocks.Resolve(3, start) };
        Assert.Equal(start.AddHours(72), clocks.Run(before, before with { Severity = 2 }, start.AddHours(12)).ResolveDueAt);
    }

    [Fact]
    public void Wrong_hours_are_named_with_what_was_written() => Assert.Equal(
        6,
        TicketingOptions.Faults(new() { WorkDays = ["caturday"], WorkFrom = "8", WorkTo = "25:00", WorkZone = "Mars/Olympus", Holidays = ["06.10.2026"], RoundTheClock = [0] }).Count());

    private static DateTimeOffset At(string text) => DateTimeOffset.ParseExact(text, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
