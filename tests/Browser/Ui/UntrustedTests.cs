using Appliance.Contracts;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

public sealed class UntrustedTests
{
    [Theory]
    [InlineData("invoice\u202Efdp.exe", "[202E]")]
    [InlineData("a\0b", "[0000]")]
    [InlineData("zero\u200Bwidth", "[200B]")]
    [InlineData("line\nbreak", "⏎")]
    [InlineData("wide\u00A0space", "[00A0]")]
    public void Characters_that_deceive_are_shown_by_their_code_point(string text, string shown)
    {
        var parts = Untrusted.Split(text, keepLines: false);

        Assert.Contains(parts, p => p.IsControl && p.Text == shown);
    }

    [Theory]
    [InlineData("مرحبا")]
    [InlineData("漢字 and кириллица")]
    [InlineData("😀 emoji")]
    public void Ordinary_text_of_any_script_is_left_alone(string text)
    {
        var part = Assert.Single(Untrusted.Split(text, keepLines: false));

        Assert.Equal(text, part.Text);
        Assert.False(part.IsControl);
    }

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character() =>
        Assert.Equal("a\uFFFDb", string.Concat(Untrusted.Split("a\uD800b", keepLines: false).Select(p => p.Text)));

    [Theory]
    [InlineData("see http://evil.example.com/a.b?c=d now", "see hxxp://evil[.]example[.]com/a.b?c=d now")]
    [InlineData("HTTPS://X.example", "hxxps://X[.]example")]
    [InlineData("ftp://files.example/", "fxp://files[.]example/")]
    [InlineData("no link here: a.b.c", "no link here: a.b.c")]
    public void Links_are_written_so_that_nothing_makes_them_clickable(string text, string expected) =>
        Assert.Equal(expected, Untrusted.Defang(text));

    [Fact]
    public void Cutting_never_splits_a_character()
    {
        var (shown, hidden) = Untrusted.Cap("ab😀cd", 3);

        Assert.Equal("ab", shown);
        Assert.Equal(4, hidden);
    }
}
