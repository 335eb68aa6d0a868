using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>Everything by keyboard.</summary>
[Collection("console")]
public sealed class KeysTests(ConsoleHost console)
{
    [Fact]
    public async Task A_list_is_walked_and_opened_by_key()
    {
        await using var browser = await console.OpenAsync("/admin/audit");
        var page = browser.Page;
        await page.WaitForSelectorAsync("tr[data-key]");

        await page.Keyboard.PressAsync("j");
        var first = await CursorAsync(page);
        await page.Keyboard.PressAsync("j");
        var second = await CursorAsync(page);
        await page.Keyboard.PressAsync("k");

        Assert.Equal(0, first);
        Assert.Equal(1, second);
        Assert.Equal(0, await CursorAsync(page));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/admin/audit?subject=*");
        await Assertions.Expect(page.Locator(".chip")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Sequences_go_to_an_area()
    {
        await using var browser = await console.OpenAsync("/");

        await browser.Page.Keyboard.PressAsync("g");
        await browser.Page.Keyboard.PressAsync("a");

        await browser.Page.WaitForURLAsync("**/admin/health");
    }

    [Fact]
    public async Task Keys_are_inert_while_typing_and_when_switched_off()
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("i?ga");

        Assert.Equal("i?ga", await page.InputValueAsync("[data-query]"));
        Assert.Equal(0, await page.Locator("dialog[open]").CountAsync());

        await page.ClickAsync("details.user > summary");
        await page.ClickAsync("[data-prefer=keys][data-value=off]");
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("h1").FocusAsync();
        await page.Keyboard.PressAsync("?");
        Assert.Equal(0, await page.Locator("dialog[open]").CountAsync());
    }

    [Fact]
    public async Task The_key_sheet_names_what_the_page_binds()
    {
        await using var browser = await console.OpenAsync("/admin/users");

        await browser.Page.Keyboard.PressAsync("?");

        await Assertions.Expect(browser.Page.Locator("#key-sheet [data-key-sheet]")).ToContainTextAsync("Invite");
        await browser.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(browser.Page.Locator("#key-sheet")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_dialog_takes_the_focus_and_gives_it_back()
    {
        await using var browser = await console.OpenAsync("/admin/users");
        var page = browser.Page;

        await page.FocusAsync(".page-actions .primary");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#invite-name")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");

        await Assertions.Expect(page.Locator(".page-actions .primary")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Rows_of_one_kind_are_chosen_by_key_and_the_menu_of_a_row_acts_and_gives_the_focus_back()
    {
        await using var browser = await console.OpenAsync("/help/parts");
        var page = browser.Page;
        await page.WaitForSelectorAsync("tr[data-key]");
        await page.FocusAsync("tr[data-key]");
        var alike = await page.EvaluateAsync<int>("() => { const all = [...document.querySelectorAll('tr[data-alike]')]; return all.filter(r => r.dataset.alike === all[0].dataset.alike).length; }");
        var shown = await page.Locator("tr[data-key]").CountAsync();
        Assert.InRange(alike, 1, shown - 1);

        await page.Keyboard.PressAsync("*");
        await page.Keyboard.PressAsync("1");
        await Assertions.Expect(page.Locator("tr[aria-selected=true]")).ToHaveCountAsync(alike);
        await page.Keyboard.PressAsync("*");
        await page.Keyboard.PressAsync("n");
        await Assertions.Expect(page.Locator("tr[aria-selected=true]")).ToHaveCountAsync(0);

        await page.Keyboard.PressAsync(".");
        await Assertions.Expect(page.Locator("dialog[open] .row-menu button").First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);
        Assert.Equal(0, await CursorAsync(page));
        await page.Keyboard.PressAsync(".");
        await page.Locator("dialog[open] .row-menu button").First.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".toast p").First).ToBeVisibleAsync();
    }

    private static Task<int> CursorAsync(IPage page) =>
        page.EvaluateAsync<int>("() => [...document.querySelectorAll('tr[data-key]')].findIndex(r => r.hasAttribute('data-cursor'))");
}
