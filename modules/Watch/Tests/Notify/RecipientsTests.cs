using Appliance.Contracts;
using Appliance.Watch.Notify;
using Xunit;

namespace Appliance.Watch.Tests.Notify;

public sealed class RecipientsTests
{
    private static readonly ConstituentCard s_bank = new(ConstituentId.New(), "Bank", "finance",
        [new("SOC", "soc@bank.example", "fr", "security"), new("", "news@bank.example", "en", "subscriber"), new("Boss", "boss@bank.example", "en", "management")]);

    private static readonly Recipient s_public = new("press@example.org", "Press", "en", "subscribers", Tlp.Clear);
    private static readonly Recipient s_own = new("duty@cirt.example", "Duty", "en", "subscribers", Tlp.AmberStrict);

    [Theory]
    [InlineData(Tlp.Clear, "soc@bank.example news@bank.example press@example.org duty@cirt.example")]
    [InlineData(Tlp.Green, "soc@bank.example news@bank.example duty@cirt.example")]
    [InlineData(Tlp.Amber, "soc@bank.example news@bank.example duty@cirt.example")]
    [InlineData(Tlp.AmberStrict, "duty@cirt.example")]
    [InlineData(Tlp.Red, "")]
    public void Marking_decides_who_is_told(Tlp marking, string expected) =>
        Assert.Equal(expected, string.Join(' ', Recipients.Sort(marking, [s_bank], [s_public, s_own]).Permitted.Select(r => r.Address)));

    [Fact]
    public void Address_on_two_lists_gets_one_message_with_the_wider_ceiling()
    {
        var lists = Recipients.Sort(Tlp.Amber, [s_bank], [new("SOC@bank.example", "", "en", "subscribers", Tlp.Clear)]);
        Assert.Equal(2, lists.Permitted.Count);
        Assert.Empty(lists.Withheld);
    }
}
