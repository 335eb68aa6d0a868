using Appliance.Contracts;
using Appliance.Ticketing.Notices;
using Xunit;

namespace Appliance.Ticketing.Tests.Notices;

public sealed class MailRulesTests
{
    private static readonly HashSet<string> s_contacts = ["desk@health.example"];
    private static readonly HashSet<string> s_parties = ["bob@partner.example"];

    [Theory]
    [InlineData(Tlp.Clear, "x@y.example", null)]
    [InlineData(Tlp.Green, "x@y.example", null)]
    [InlineData(Tlp.Amber, "x@y.example", "ticketing.refused.tlp-amber")]
    [InlineData(Tlp.Amber, "BOB@partner.example", null)]
    [InlineData(Tlp.Amber, "desk@health.example", null)]
    [InlineData(Tlp.AmberStrict, "bob@partner.example", "ticketing.refused.tlp-strict")]
    [InlineData(Tlp.AmberStrict, " Desk@Health.example ", null)]
    [InlineData(Tlp.Red, "desk@health.example", "ticketing.refused.tlp-red")]
    public void Marking_names_who_may_be_written_to(Tlp tlp, string address, string? refusal) =>
        Assert.Equal(refusal, MailRules.Check(new(tlp), address, s_contacts, s_parties)?.Key);
}
