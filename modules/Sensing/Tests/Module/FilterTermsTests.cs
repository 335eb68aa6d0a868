using Appliance.Sensing.Filter;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class FilterTermsTests
{
    [Fact]
    public void Fields_and_words_are_read()
    {
        var terms = FilterTerms.Parse("src:10.0.0.0/8 dst:192.0.2.1 port:443 sid:7 sev:1 type:DNS evil \"two words\" 50%_").Value;
        Assert.Equal("10.0.0.0/8", Assert.Single(terms.Src.Wanted).ToString());
        Assert.Equal("192.0.2.1/32", Assert.Single(terms.Dst.Wanted).ToString());
        Assert.Equal([new NumberRange(443, 443)], terms.Port.Wanted);
        Assert.Equal([new NumberRange(7, 7)], terms.Sid.Wanted);
        Assert.Equal([new NumberRange(1, 1)], terms.Severity.Wanted);
        Assert.Equal(["dns"], terms.Type.Wanted);
        Assert.Equal(["evil", "two words", "50%_"], terms.Words);
        Assert.Equal("%evil%two words%50\\%\\_%", terms.Pattern);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    public void Bare_address_is_meant_as_one(string text, string network) => Assert.Equal(network, Assert.Single(FilterTerms.Parse(text).Value.Ip.Wanted).ToString());

    [Fact]
    public void Several_values_negation_and_comparison_are_read()
    {
        var terms = FilterTerms.Parse("sid:1,2 -type:flow,stats port:>1024 -port:80..81 (src:10.0.0.1 OR src:10.0.0.2) -(dst:192.0.2.1 or dst:192.0.2.2) -noise has:ticket -is:exercise http://x.example/").Value;
        Assert.Equal([new NumberRange(1, 1), new NumberRange(2, 2)], terms.Sid.Wanted);
        Assert.Equal(["flow", "stats"], terms.Type.Unwanted);
        Assert.Equal([new NumberRange(1025, 65535)], terms.Port.Wanted);
        Assert.Equal([new NumberRange(80, 81)], terms.Port.Unwanted);
        Assert.Equal(["10.0.0.1/32", "10.0.0.2/32"], terms.Src.Wanted.Select(n => n.ToString()));
        Assert.Equal(2, terms.Dst.Unwanted.Count);
        Assert.Equal("ticket", Assert.Single(terms.Is.Wanted));
        Assert.Equal("exercise", Assert.Single(terms.Is.Unwanted));
        Assert.Equal(["http://x.example/"], terms.Words);
        Assert.Equal(["noise"], terms.NotWords);
        Assert.Equal(10, terms.Tokens.Count);
    }

    [Fact]
    public void A_word_taken_away_leaves_the_others()
    {
        const string query = "sid:1 (src:10.0.0.1 OR src:10.0.0.2)  \"two words\"";
        var tokens = FilterTerms.Parse(query).Value.Tokens;
        Assert.Equal("(src:10.0.0.1 OR src:10.0.0.2)  \"two words\"", tokens[0].Without(query));
        Assert.Equal("sid:1 \"two words\"", tokens[1].Without(query));
        Assert.Equal("sid:1 (src:10.0.0.1 OR src:10.0.0.2)", tokens[2].Without(query));
    }

    [Theory]
    [InlineData("(src:10.0.0.1 OR dst:10.0.0.2)", 1)]
    [InlineData("evil (src:10.0.0.1", 6)]
    [InlineData("x y ()", 5)]
    public void Brackets_that_cannot_be_read_are_pointed_at(string text, int at)
    {
        var refusal = FilterTerms.Parse(text).Refusals.Single();
        Assert.Equal(("sensing.refused.filter-group", at), (refusal.Key, refusal.Arguments[0]));
    }

    [Theory]
    [InlineData("ip:nowhere")]
    [InlineData("port:9..1")]
    [InlineData("port:>65535")]
    [InlineData("is:happy")]
    [InlineData("-score:7")]
    [InlineData("after:yesterday")]
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
