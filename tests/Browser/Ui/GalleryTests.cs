using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The parts of the console, each on the gallery page: how they look, and what they do under mouse and keys.</summary>
[Collection("console")]
public sealed class GalleryTests(ConsoleHost console)
{
    private const string Path = "/help/parts";

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task The_parts_are_photographed_in_both_themes_at_four_widths_and_nothing_is_pushed_out(string language)
    {
        await using var browser = await console.OpenAsync(Path, language);
        List<string> wrong = [];
        foreach (var theme in new[] { "light", "dark" })
        {
            await browser.Page.EvaluateAsync("theme => { document.documentElement.dataset.theme = theme; }", theme);
            foreach (var width in Looks.Widths)
            {
                await browser.Page.SetViewportSizeAsync(width, 900);
                wrong.AddRange((await Looks.WrongAsync(browser.Page)).Select(w => $"{theme} {width}: {w}"));
                await browser.PictureAsync($"parts-{language}-{theme}-{width}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(browser.Faults);
    }

    [Fact]
    public async Task The_map_is_drawn_from_the_product_s_own_file()
    {
        await using var browser = await console.OpenAsync(Path);

        await Assertions.Expect(browser.Page.Locator(".world use").First).ToBeAttachedAsync();
        await browser.Page.WaitForFunctionAsync("() => [...document.querySelectorAll('.world use')].filter((u) => u.getBBox().width > 0).length > 200");
        Assert.Equal(11, await browser.Page.Locator(".world .plot-table tbody tr").CountAsync());
    }

    [Fact]
    public async Task A_span_of_time_is_chosen_by_keys_and_by_dragging_and_let_go_again()
    {
        await using var browser = await console.OpenAsync(Path);
        var page = browser.Page;
        var plot = page.Locator(".histogram-plot");
        var chosen = page.Locator("#brushed");

        await plot.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Shift+ArrowRight");
        await Assertions.Expect(page.Locator("[data-brush-said]")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("2026-02-27 13:00Z.*2026-02-27 15:00Z"));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(chosen).ToContainTextAsync("2026-02-27 13:00Z to 2026-02-27 15:00Z");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(chosen).ToContainTextAsync("No span");

        var box = (await plot.Locator("svg").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 2, box.Y + 30);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width / 2) - 2, box.Y + 30);
        await page.Mouse.UpAsync();
        await Assertions.Expect(chosen).ToContainTextAsync("2026-02-27 12:00Z to 2026-02-28 12:00Z");
        await plot.Locator("svg").DblClickAsync();
        await Assertions.Expect(chosen).ToContainTextAsync("No span");
    }

    [Fact]
    public async Task Rows_that_are_shown_are_acted_on_and_what_was_left_is_named()
    {
        await using var browser = await console.OpenAsync(Path);
        var page = browser.Page;

        await page.FocusAsync("tr[data-key]");
        await page.Keyboard.PressAsync("*");
        await page.Keyboard.PressAsync("a");
        await Assertions.Expect(page.Locator(".bulk strong")).ToHaveTextAsync("Selected: 8");
        await page.Locator(".bulk button", new() { HasText = "Act on them" }).ClickAsync();

        await Assertions.Expect(page.Locator(".toast p").Last).ToHaveTextAsync("Acted on: 7");
        await Assertions.Expect(page.Locator(".left-items h2")).ToHaveTextAsync("Left as they are: 1");
        await page.Keyboard.PressAsync("u");
        await Assertions.Expect(page.Locator(".toast p").Last).ToHaveTextAsync("Taken back.");
    }

    [Fact]
    public async Task Columns_are_hidden_in_the_URL_and_remembered_and_a_view_keeps_them()
    {
        await using var browser = await console.OpenAsync(Path);
        var page = browser.Page;

        await page.ClickAsync(".columns-menu > summary");
        await page.Locator(".columns-menu label", new() { HasText = "Severity" }).ClickAsync();
        await page.WaitForURLAsync("**/help/parts?hide=1");
        await Assertions.Expect(page.Locator(".grid td .severity").First).ToBeHiddenAsync();
        await page.ClickAsync(".views-menu > summary");
        await page.Locator(".views-menu form input:not([type=checkbox])").FillAsync("Without severity");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".views a")).ToHaveAttributeAsync("href", "/help/parts?hide=1");

        // Another day the page opens as it was left; the link of the view opens it for a colleague.
        await ConsoleHost.GoAsync(page, Path);
        await Assertions.Expect(page.Locator(".grid td .severity").First).ToBeHiddenAsync();
        await ConsoleHost.GoAsync(page, Path + "?hide=-");
        await Assertions.Expect(page.Locator(".grid td .severity").First).ToBeVisibleAsync();
        await page.ClickAsync(".views-menu > summary");
        await page.ClickAsync(".views button");
        await Assertions.Expect(page.Locator(".views-menu .views")).ToHaveCountAsync(0);
        await ConsoleHost.GoAsync(page, Path + "?hide=1");
        await page.ClickAsync(".columns-menu > summary");
        await page.Locator(".columns-menu label", new() { HasText = "Severity" }).ClickAsync();
        await page.WaitForURLAsync("**/help/parts?hide=-");
    }
}
