using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Ticketing.Tests.Incidents;

public sealed class PriorityTests
{
    [Fact]
    public void More_impact_or_more_urgency_is_never_less_severe()
    {
        for (var impact = 1; impact <= 3; impact++)
            for (var urgency = 1; urgency <= 3; urgency++)
            {
                Assert.InRange(Priority.Of(impact, urgency), 1, 4);
                Assert.True(impact == 1 || Priority.Of(impact - 1, urgency) <= Priority.Of(impact, urgency));
                Assert.True(urgency == 1 || Priority.Of(impact, urgency - 1) <= Priority.Of(impact, urgency));
            }
        Assert.Equal((1, 4), (Priority.Of(1, 1), Priority.Of(3, 3)));
    }

    [Fact]
    public void Impact_and_urgency_decide_whatever_severity_was_written() =>
        Assert.Equal(3, new IncidentFields { Title = "t", Severity = 4, Impact = 2, Urgency = 2 }.Tidy().Severity);
}
