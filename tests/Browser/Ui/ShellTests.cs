using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What stands around every page: command list, bell, clock and zone, help, wall.</summary>
[Collection("console")]
public sealed class ShellTests(ConsoleHost console)
{
    [Fact]
    public async Task A_page_and_an_act_are_found_by_their_names_and_run_by_keys_alone()
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.Keyboard.PressAsync("Control+k");
        await Assertions.Expect(page.Locator("#commands input")).ToBeFocusedAsync();
        Assert.Empty(await Axe.BrokenAsync(page));
        await page.Keyboard.TypeAsync("audit");
        await Assertions.Expect(page.Locator("#commands [aria-selected=true]")).ToContainTextAsync("Audit");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/admin/audit");

        await ConsoleHost.GoAsync(page, "/admin/users");
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("invite");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#invite-name")).ToBeFocusedAsync();
        Assert.Empty(browser.Faults);
    }

    [Fact]
    public async Task The_command_list_says_when_nothing_matches_and_is_left_by_Escape()
    {
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;

        await page.ClickAsync("[data-open-commands]");
        await page.Keyboard.TypeAsync("zzqx");
        await Assertions.Expect(page.Locator("#commands [role=listbox]")).ToHaveTextAsync("Nothing matches.");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#commands")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task The_bell_lists_what_waits_and_leads_there()
    {
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;

        await page.ClickAsync(".bell > summary");
        await Assertions.Expect(page.Locator(".bell .menu-body")).ToBeVisibleAsync();
        Assert.Empty(await Axe.BrokenAsync(page));
        Assert.True(await page.Locator(".bell .menu-body :is(li a, p)").CountAsync() > 0);
    }

    [Fact]
    public async Task Times_are_read_in_the_chosen_zone_with_its_offset_and_UTC_again()
    {
        await using var browser = await console.OpenAsync("/account?tab=look");
        var page = browser.Page;

        await page.Locator("input[list=zones]").FillAsync("Mars/Olympus");
        await page.Locator("section:has(input[list=zones]) .button.primary").ClickAsync();
        await Assertions.Expect(page.Locator(".toast p").Last).ToContainTextAsync("Mars/Olympus");
        await page.Locator("input[list=zones]").FillAsync("Asia/Kathmandu");
        await page.Locator("section:has(input[list=zones]) .button.primary").ClickAsync();
        await Assertions.Expect(page.Locator(".toast p").Last).ToContainTextAsync("Kept");
        await ConsoleHost.GoAsync(page, "/admin/audit");
        await Assertions.Expect(page.Locator("td .stamp").First).ToContainTextAsync("+05:45");
        await Assertions.Expect(page.Locator(".top .clock")).ToContainTextAsync("+05:45");
        var utc = await page.Locator("td .stamp").First.GetAttributeAsync("datetime");
        Assert.EndsWith("Z", utc, StringComparison.Ordinal);

        await ConsoleHost.GoAsync(page, "/account?tab=look");
        await page.Locator("input[list=zones]").FillAsync("UTC");
        await page.Locator("section:has(input[list=zones]) .button.primary").ClickAsync();
        await Assertions.Expect(page.Locator(".toast p").Last).ToContainTextAsync("Kept");
    }

    [Fact]
    public async Task The_help_begins_with_the_page_one_comes_from_and_finds_words()
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.ClickAsync(".top > a[href^='/help']");
        await page.WaitForURLAsync("**/help?page=*");
        await Assertions.Expect(page.Locator(".topic-here h3").First).ToHaveTextAsync("People and rights");
        await page.GotoAsync("/help?q=spreadsheet");
        await Assertions.Expect(page.Locator(".stack section.card h3")).ToHaveTextAsync("The directory");
    }

    [Fact]
    public async Task The_wall_shows_numbers_alone_and_nothing_to_press()
    {
        await using var browser = await console.OpenAsync("/wall/duty", "en", 1920);
        var page = browser.Page;

        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("The situation");
        await browser.PictureAsync("wall-duty");
        Assert.Equal(0, await page.Locator("main :is(a, button, input)").CountAsync());
        Assert.DoesNotContain("Amina", await page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        await ConsoleHost.GoAsync(page, "/wall/nowhere");
        await Assertions.Expect(page.Locator(".state-notfound")).ToBeVisibleAsync();
        Assert.Empty(browser.Faults);
    }
}
