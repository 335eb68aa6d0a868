using Appliance.Ticketing.FollowUps;
using Xunit;

namespace Appliance.Ticketing.Tests.Incidents;

public sealed class FollowUpStatesTests
{
    [Fact]
    public void Every_state_is_reached_from_the_first_and_every_end_can_be_left() => Assert.All(FollowUpStates.Kinds, kind =>
    {
        var reached = new HashSet<string> { kind.Value };
        for (var grew = true; grew;)
            grew = FollowUpStates.Steps.Where(s => s.Kind == kind.Key && reached.Contains(s.From)).Count(s => reached.Add(s.To)) > 0;
        Assert.Equal(FollowUpStates.Steps.Where(s => s.Kind == kind.Key).SelectMany(s => new[] { s.From, s.To }).Distinct().Order(), reached.Order());
        Assert.All(reached, state => Assert.NotEmpty(FollowUpStates.From(kind.Key, state)));
        Assert.Contains(reached, FollowUpStates.Ends.Contains);
    });

    [Fact]
    public void Going_back_asks_why() => Assert.All(FollowUpStates.Steps.Where(s => FollowUpStates.Ends.Contains(s.From)), s => Assert.True(s.NeedsReason));
}
