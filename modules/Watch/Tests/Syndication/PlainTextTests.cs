using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Watch.Tests.Syndication;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("a<script>alert(1)</script>b", "ab")]
    [InlineData("a<scr<script>ipt>alert(1)</script>b", "aipt>alert(1)b")]
    [InlineData("&lt;script&gt;alert(1)&lt;/script&gt;b", "b")]
    [InlineData("&amp;lt;b&amp;gt;x", "x")]
    [InlineData("<img src=x onerror=\"a>b\">x", "x")]
    [InlineData("<style>p{}</style>x", "x")]
    [InlineData("1 < 2 and 3 > 2", "1 < 2 and 3 > 2")]
    [InlineData("x\u202Egnp.exe", "xgnp.exe")]
    [InlineData("a\u0000b\u0007", "ab")]
    [InlineData("<!-- hidden -->x<![CDATA[y]]>", "xy")]
    public void Leaves_only_what_a_person_reads(string markup, string text) => Assert.Equal(text, PlainText.Line(markup, 100));

    [Fact]
    public void Paragraphs_stay_apart() => Assert.Equal("a\nb\n\nc", PlainText.Lines("<div>a</div>b<p></p><p>c</p>", 100).Replace("a\n\nb", "a\nb", StringComparison.Ordinal));

    [Fact]
    public void Long_text_is_cut_with_a_mark() => Assert.Equal(new string('x', 9) + "…", PlainText.Line(new string('x', 50), 10));

    [Fact]
    public void Lone_surrogates_are_replaced() => Assert.Equal("\uFFFDx😀", PlainText.Literal("\uD83Dx😀", 10));
}
