using Appliance.Ticketing.Classification;
using Xunit;

namespace Appliance.Ticketing.Tests.Classification;

public sealed class RsitTests
{
    [Fact]
    public void Shipped_taxonomy_is_the_version_it_says()
    {
        Assert.Equal(1003, Rsit.Version);
        Assert.Equal(39, Rsit.Types.Count);
        Assert.Contains(Rsit.Undetermined, Rsit.Ordered);
    }

    [Theory]
    [InlineData("A Network Trojan was detected", "malicious-code/infected-system")]
    [InlineData("attempted-admin", "intrusion-attempts/exploit")]
    [InlineData("Attempted Administrator Privilege Gain", "intrusion-attempts/exploit")]
    [InlineData("something new", "intrusion-attempts/ids-alert")]
    public void Class_of_an_alert_suggests_a_type_that_exists(string category, string type)
    {
        Assert.Equal(type, Rsit.OfAlert(category));
        Assert.Contains(type, Rsit.Ordered);
    }
}
