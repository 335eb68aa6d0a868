using Appliance.Sensing.Inbox;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class FilterTermsTests
{
    [Fact]
    public void Fields_and_words_are_read()
    {
        var terms = FilterTerms.Parse("src:10.0.0.0/8 dst:192.0.2.1 port:443 sid:7 sev:1 type:DNS evil \"two words\" 50%_").Value;
        Assert.Equal("10.0.0.0/8", terms.Src.ToString());
        Assert.Equal("192.0.2.1/32", terms.Dst.ToString());
        Assert.Equal((443, 7L, 1, "dns"), (terms.Port, terms.Sid, terms.Severity, terms.Type));
        Assert.Equal(["evil", "two words", "50%_"], terms.Words);
        Assert.Equal("%evil%two words%50\\%\\_%", terms.Pattern);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    public void Bare_address_is_meant_as_one(string text, string network) => Assert.Equal(network, FilterTerms.Parse(text).Value.Ip.ToString());

    [Theory]
    [InlineData("ip:nowhere")]
    [InlineData("port:99999")]
    [InlineData("sid:x")]
    [InlineData("sev:0")]
    public void Wrong_value_is_refused_by_name(string text) =>
        Assert.Equal("sensing.refused.filter", FilterTerms.Parse(text).Refusals.Single().Key);

    [Theory]
    [InlineData(null)]
    [InlineData("   ")]
    [InlineData("\"")]
    [InlineData("'; drop table x; --")]
    public void Anything_else_is_words(string? text) => Assert.True(FilterTerms.Parse(text).Succeeded);
}
