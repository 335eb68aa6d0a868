using Appliance.Ui;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

public sealed class SafeMarkdownTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "<script")]
    [InlineData("a <img src=x onerror=alert(1)>", "<img")]
    [InlineData("<div onclick='x()'>\n\ntext\n\n</div>", "<div")]
    [InlineData("![x](http://evil.example/p.png)", "<img")]
    [InlineData("[x](javascript:alert(1))", "href")]
    [InlineData("[x](JaVaScRiPt:alert(1))", "href")]
    [InlineData("[x](java\tscript:alert(1))", "href")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)", "href")]
    [InlineData("[x](vbscript:x)", "href")]
    [InlineData("[x](//evil.example/)", "href")]
    [InlineData("[x](/\\evil.example)", "href")]
    [InlineData("[x][r]\n\n[r]: javascript:alert(1)", "href")]
    [InlineData("<javascript:alert(1)>", "href")]
    public void Nothing_dangerous_comes_through(string markdown, string absent) =>
        Assert.DoesNotContain(absent, SafeMarkdown.ToHtml(markdown), StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("[x](https://example.org/a)", "href=\"https://example.org/a\"")]
    [InlineData("[x](mailto:cert@example.org)", "href=\"mailto:cert@example.org\"")]
    [InlineData("[health](/admin/health)", "href=\"/admin/health\"")]
    [InlineData("**bold**", "<strong>bold</strong>")]
    [InlineData("|a|b|\n|-|-|\n|1|2|", "<td>1</td>")]
    public void What_people_write_is_drawn(string markdown, string present) =>
        Assert.Contains(present, SafeMarkdown.ToHtml(markdown), StringComparison.Ordinal);

    [Fact]
    public void Aligned_tables_carry_no_style_attribute() =>
        Assert.DoesNotContain("style=", SafeMarkdown.ToHtml("|a|b|\n|:-|-:|\n|1|2|"), StringComparison.Ordinal);
}
