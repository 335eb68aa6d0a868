using Appliance.Contracts;
using Appliance.Ticketing.Incidents;
using Xunit;

namespace Appliance.Ticketing.Tests.Incidents;

public sealed class IncidentFieldsTests
{
    [Fact]
    public void Everything_wrong_is_said_at_once() => Assert.Equal(
        ["ticketing.refused.title", "ticketing.refused.severity", "ticketing.refused.rsit", "ticketing.refused.red-unnamed"],
        new IncidentFields { Title = "a\nb", Severity = 0, RsitType = "x/y", Marking = new(Tlp.Red) }.Tidy().Faults().Select(f => f.Key));

    [Fact]
    public void Names_stand_only_with_red()
    {
        var named = new[] { UserId.New() };
        Assert.Empty(new IncidentFields { Marking = new(Tlp.Green, Named: named) }.Tidy().Marking.Named!);
        Assert.Equal(named, new IncidentFields { Marking = new(Tlp.Red, Named: named) }.Tidy().Marking.Named);
    }

    [Fact]
    public void Only_known_traces_without_control_characters_are_kept() => Assert.Equal(
        [new("domain", "a.example")],
        Traces.Tidy([new("domain", "a.example"), new("domain", "a.example"), new("mutex", "x"), new("url", "http://a\n"), new("ipv4", "")]));
}
