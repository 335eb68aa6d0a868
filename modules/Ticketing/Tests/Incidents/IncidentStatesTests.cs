using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Ticketing.Tests.Incidents;

public sealed class IncidentStatesTests
{
    [Fact]
    public void Every_state_can_be_reached_and_none_is_a_trap()
    {
        var reached = new HashSet<string> { IncidentStates.New };
        for (var grew = true; grew;)
            grew = IncidentStates.Steps.Where(s => reached.Contains(s.From)).Count(s => reached.Add(s.To)) > 0;
        Assert.Equal(IncidentStates.All.Order(), reached.Order());
        Assert.All(IncidentStates.All, state => Assert.NotEmpty(IncidentStates.From(state)));
    }

    [Fact]
    public void Nothing_becomes_new_again() => Assert.DoesNotContain(IncidentStates.Steps, s => s.To == IncidentStates.New);

    [Fact]
    public void Reopening_and_ending_early_ask_why() =>
        Assert.All(IncidentStates.Steps.Where(s => s.From is "closed" or "resolved" && s.To == "in-progress" || s.From is "new" or "triage" && s.To == "closed"), s => Assert.True(s.NeedsReason));

    [Theory]
    [InlineData("new", 1, 15)]
    [InlineData("triage", 4, 1440)]
    [InlineData("in-progress", 2, 240)]
    public void Next_word_is_due_by_severity(string state, int severity, int minutes) =>
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMinutes(minutes), new IncidentClocks(new()).Due(state, severity, DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData("waiting")]
    [InlineData("resolved")]
    [InlineData("closed")]
    public void Nothing_is_due_while_others_are_waited_for_or_at_the_end(string state) => Assert.Null(new IncidentClocks(new()).Due(state, 1, DateTimeOffset.UnixEpoch));

    [Fact]
    public void Wrong_settings_are_named_all_at_once() =>
        Assert.Equal(3, TicketingOptions.Faults(new() { TakeUpMinutes = [1], UpdateHours = [0, 1, 1, 1], RecallSeconds = -1 }).Count());
}
