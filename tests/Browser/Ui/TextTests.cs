using System.Globalization;
using Appliance.Contracts;
using Appliance.Ui;
using Appliance.Ui.Layout;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

public sealed class TextTests
{
    private static readonly TextCatalog s_texts = new([typeof(TextCatalog).Assembly, typeof(Appliance.Consoles.Login.LoginPage).Assembly]);

    [Theory]
    [InlineData("fr")]
    [InlineData("es")]
    [InlineData("ar")]
    [InlineData("zh")]
    [InlineData("ru")]
    public void Every_text_of_the_shell_is_there_in(string language) => Assert.Empty(s_texts.Lacking(language));

    [Fact]
    public void The_pseudo_language_wraps_and_lengthens_every_text()
    {
        var text = s_texts.In(CultureInfo.GetCultureInfo(TextCatalog.Pseudo), "ui.cancel");

        Assert.StartsWith("⟦Cancel", text, StringComparison.Ordinal);
        Assert.EndsWith("⟧", text, StringComparison.Ordinal);
        Assert.True(text.Length >= "Cancel".Length * 1.4);
    }

    [Fact]
    public void An_unknown_key_shows_as_itself_and_is_counted()
    {
        Assert.Equal("no.such.key", s_texts["no.such.key"]);
        Assert.True(s_texts.Missing.ContainsKey("no.such.key"));
    }

    [Theory]
    [InlineData("/admin/users/4", "/admin/users")]
    [InlineData("/admin/usersextra", null)]
    [InlineData("/", "/")]
    [InlineData("/elsewhere", null)]
    public void A_page_belongs_to_the_entry_that_is_its_longest_prefix(string path, string? entry)
    {
        NavigationLink[] links = [new("home", "x", "/"), new("admin", "x", "/admin/users")];

        Assert.Equal(entry, CurrentPlace.Find(links, path)?.Path);
    }

    [Theory]
    [InlineData("/tickets?x=1", "/tickets?x=1")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData(null, "/")]
    public void A_redirect_stays_on_this_host(string? asked, string expected) => Assert.Equal(expected, LocalPath.OrHome(asked));
}
