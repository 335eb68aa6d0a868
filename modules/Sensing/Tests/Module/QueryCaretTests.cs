using Appliance.Sensing.Filter;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class QueryCaretTests
{
    [Theory]
    // The caret is the bar; what is replaced stands between the braces.
    [InlineData("|", null, "", "{}")]
    [InlineData("sr|", null, "sr", "{sr}")]
    [InlineData("evil s|", null, "s", "evil {s}")]
    [InlineData("-s|", null, "s", "-{s}")]
    [InlineData("s|:10.0.0.1 x", null, "s", "{s:}10.0.0.1 x")]
    [InlineData("src:|", "src", "", "src:{}")]
    [InlineData("src:10|", "src", "10", "src:{10}")]
    [InlineData("src:1|0.0.0.1 x", "src", "1", "src:{10.0.0.1} x")]
    [InlineData("sid:1,2|", "sid", "2", "sid:1,{2}")]
    [InlineData("sid:1|,2", "sid", "1", "sid:{1},2")]
    [InlineData("-sid:1,|", "sid", "", "-sid:1,{}")]
    [InlineData("(src:10.0.0.1 OR src:1|)", "src", "1", "(src:10.0.0.1 OR src:{1})")]
    [InlineData("name:\"a b|\" x", "name", "a b", "name:{\"a b\"} x")]
    [InlineData("name:\"a b|", "name", "a b", "name:{\"a b}")]
    [InlineData("name:\"a,b\",c|", "name", "c", "name:\"a,b\",{c}")]
    [InlineData("\"two wo|", null, "two wo", "{\"two wo}")]
    [InlineData("src:a | dst:b", null, "", "src:a {} dst:b")]
    [InlineData("SRC:x|", "src", "x", "SRC:{x}")]
    public void What_stands_at_the_caret_is_found(string bar, string? field, string typed, string replaced)
    {
        var caret = bar.IndexOf('|', StringComparison.Ordinal);
        var text = bar.Remove(caret, 1);
        var at = QueryCaret.At(text, caret);
        Assert.Equal((field, typed), (at.Field, at.Typed));
        Assert.Equal(replaced, $"{text[..at.From]}{{{text[at.From..at.To]}}}{text[at.To..]}");
    }

    [Fact]
    public void Whatever_is_typed_has_a_place_within_the_bar()
    {
        var random = new Random(7);
        const string letters = "sid:,\"() -a\u202e";
        for (var turn = 0; turn < 20_000; turn++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => letters[random.Next(letters.Length)]));
            var caret = random.Next(-1, text.Length + 2);
            var at = QueryCaret.At(text, caret);
            Assert.True(0 <= at.From && at.From <= Math.Clamp(caret, 0, text.Length) && Math.Clamp(caret, 0, text.Length) <= at.To && at.To <= text.Length, $"{text} at {caret}");
        }
    }

    [Fact]
    public void A_comma_within_quotes_belongs_to_the_value()
    {
        var terms = FilterTerms.Parse("name:\"a, b\",c sensor:\"North, upstairs\" owner:ana -is:mine").Value;
        Assert.Equal(["a, b", "c"], terms.Name.Wanted);
        Assert.Equal("North, upstairs", Assert.Single(terms.Sensor.Wanted));
        Assert.Equal("ana", Assert.Single(terms.Owner.Wanted));
        Assert.Equal("mine", Assert.Single(terms.Is.Unwanted));
    }
}
