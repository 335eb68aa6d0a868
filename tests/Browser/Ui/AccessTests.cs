using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>Coming in, and what the set-up leads to.</summary>
[Collection("console")]
public sealed class AccessTests(ConsoleHost console)
{
    [Fact]
    public void The_first_administrator_is_led_to_the_steps_of_the_set_up() => Assert.Equal("/setup/steps", console.AfterSetup);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_person_logs_in_with_and_without_script_and_lands_where_he_wanted(bool script)
    {
        await using var browser = await BrowserSession.OpenAsync(console.Host.Https, script: script);
        var page = browser.Page;

        await page.GotoAsync("/admin/audit");
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=password]", ConsoleHost.Password);
        await page.ClickAsync("form[action='/account/login'] button[type=submit]");
        await page.FillAsync("[name=code]", console.TakeCode());
        await page.ClickAsync("form[action='/account/second-factor'] button[type=submit]");

        await page.WaitForURLAsync("**/admin/audit");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Audit trail");
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_words()
    {
        await using var browser = await BrowserSession.OpenAsync(console.Host.Https);
        var page = browser.Page;

        await page.GotoAsync("/login");
        await page.FillAsync("[name=name]", "nobody");
        await page.FillAsync("[name=password]", "not the password");
        await page.ClickAsync("form[action='/account/login'] button[type=submit]");

        await Assertions.Expect(page.Locator(".refusals")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_public_page_loads_no_circuit()
    {
        await using var browser = await BrowserSession.OpenAsync(console.Host.Https);

        await browser.Page.GotoAsync("/login");

        Assert.Equal(0, await browser.Page.Locator("script[src*='blazor']").CountAsync());
    }

    [Theory]
    [InlineData("ar", "rtl")]
    [InlineData("zh", "ltr")]
    public async Task The_language_changes_at_once_and_turns_the_page(string language, string direction)
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.ClickAsync("details.user > summary");
        await page.ClickAsync($"details.user button[value={language}]");

        await page.WaitForFunctionAsync($"() => document.documentElement.lang === '{language}'");
        Assert.Equal(direction, await page.GetAttributeAsync("html", "dir"));
        Assert.EndsWith("/admin/users", page.Url, StringComparison.Ordinal);
        await Assertions.Expect(page.Locator("h1")).Not.ToHaveTextAsync("People");
    }

    [Theory]
    [InlineData("ar", "Noto Sans Arabic")]
    [InlineData("zh", "Noto Sans SC")]
    public async Task Letters_come_with_the_product(string language, string family)
    {
        await using var browser = await console.OpenAsync("/help", language);

        await browser.Page.WaitForFunctionAsync("family => [...document.fonts].some((f) => f.family.replaceAll('\"', '') === family && f.status === 'loaded')", family);
        await browser.PictureAsync($"letters-{language}");
        Assert.Empty(browser.Faults);
    }

    [Fact]
    public async Task The_rail_stands_on_the_other_side_in_arabic()
    {
        await using var browser = await console.OpenAsync("/", "ar");
        var rail = await browser.Page.Locator("#rail").BoundingBoxAsync();

        Assert.True(rail!.X > 900);
    }

    [Fact]
    public async Task An_invited_colleague_sets_a_password_and_is_in()
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.Keyboard.PressAsync("i");
        await page.FillAsync("#invite-name", "boris");
        await page.ClickAsync("dialog[open] footer .primary");
        var link = await page.Locator("dialog[open] .secret").InnerTextAsync();
        await using var colleague = await BrowserSession.OpenAsync(console.Host.Https);
        await colleague.Page.GotoAsync(new Uri(link).PathAndQuery);
        await colleague.Page.FillAsync("[name=password]", "seven tall poplars 4");
        await colleague.Page.ClickAsync("main button[type=submit]");

        await colleague.Page.WaitForURLAsync("**/account?tab=factor");
        await Assertions.Expect(colleague.Page.Locator(".user-name")).ToHaveTextAsync("boris");
    }

    [Fact]
    public async Task A_page_without_the_right_is_refused_with_a_drawn_page()
    {
        await using var browser = await console.OpenAsync("/tickets");

        // The administrator sees no case content unless given: the shell or the host refuses, never an empty page.
        Assert.DoesNotContain(browser.Faults, f => f.StartsWith('5'));
        Assert.True(await browser.Page.Locator("main .state, main .list").First.IsVisibleAsync());
    }
}
