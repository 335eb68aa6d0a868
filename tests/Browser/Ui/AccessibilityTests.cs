using Appliance.Tests.Case;
using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What a machine can judge of WCAG 2.2, levels A and AA, and of the looks, on every page in both themes and both directions; and the keyboard, which it cannot.</summary>
public sealed class AccessibilityTests(FilledHost filled) : IClassFixture<FilledHost>
{
    /// <summary>What has the focus, and whether it can be seen: an outline, on the element or on the label that stands for it.</summary>
    private const string Focus =
        """
        () => {
          const at = document.activeElement;
          if (!at || at === document.body) return null;
          const ring = (element) => { const style = getComputedStyle(element); return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; };
          const seen = [at, at.closest('label'), at.labels?.[0], at.parentElement].some((element) => element && ring(element));
          return { name: at.id || at.getAttribute('href') || at.textContent.trim().slice(0, 40) || at.tagName, href: at.getAttribute('href') ?? '', rail: !!at.closest('#rail'), seen };
        }
        """;

    /// <summary>One visit a page and direction: the rules in light, what colours can break in dark, and the looks at every width and at a zoom of 200 %.</summary>
    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task No_page_breaks_a_rule_of_WCAG_in_either_theme_or_is_pushed_out_at_any_width(string language)
    {
        List<string> wrong = [];
        await VisitAsync(language, async (page, path) =>
        {
            wrong.AddRange((await Axe.BrokenAsync(page)).Select(w => $"{path}: {w}"));
            await ThemeAsync(page, "dark");
            wrong.AddRange((await Axe.BrokenAsync(page, "color-contrast")).Select(w => $"{path} dark: {w}"));
            await ThemeAsync(page, "light");
            wrong.AddRange(await LooksAsync(page, path, [.. Looks.Widths, Looks.Zoomed]));
        }, wrong);

        Assert.True(wrong.Count == 0, $"{wrong.Count}:\n{string.Join('\n', wrong.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public async Task Words_that_are_longer_by_four_tenths_fit_on_every_page()
    {
        List<string> wrong = [];
        await VisitAsync("qps", async (page, path) => wrong.AddRange(await LooksAsync(page, path, [360, 1280])), wrong);

        Assert.True(wrong.Count == 0, $"{wrong.Count}:\n{string.Join('\n', wrong.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public async Task The_judges_find_planted_violations()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        await ConsoleHost.GoAsync(session.Page, "/help");
        await session.Page.EvaluateAsync("() => document.body.append(document.createElement('button'))");
        Assert.Contains(await Axe.BrokenAsync(session.Page), b => b.Contains("button-name", StringComparison.Ordinal));
        Assert.Empty(await Looks.WrongAsync(session.Page));

        await session.Page.EvaluateAsync("() => { const wide = document.createElement('div'); wide.style.inlineSize = '3000px'; wide.textContent = 'wide'; document.querySelector('main').append(wide); }");
        Assert.Contains(await Looks.WrongAsync(session.Page), w => w.Contains("wider than the window", StringComparison.Ordinal));
        await session.Page.EvaluateAsync("() => { const clip = document.createElement('button'); clip.className = 'sr-clip user-name'; clip.textContent = 'a name of a button that is far too long for its box'; document.querySelector('main').append(clip); }");
        Assert.Contains(await Looks.WrongAsync(session.Page), w => w.StartsWith("cut:", StringComparison.Ordinal));
    }

    private async Task VisitAsync(string language, Func<IPage, string, Task> look, List<string> wrong)
    {
        foreach (var person in filled.Pages.GroupBy(p => p.Person))
        {
            await using var session = await CaseStage.SignInAsync(filled.Host, person.Key, language == "qps" ? "en" : language);
            List<Cookie> cookies = [new() { Name = "cirt.theme", Value = "light", Url = filled.Host.Http.ToString() }];
            if (language == "qps")
                cookies.Add(new() { Name = ".AspNetCore.Culture", Value = Uri.EscapeDataString("c=qps|uic=qps"), Url = filled.Host.Http.ToString() });
            await session.Page.Context.AddCookiesAsync(cookies);
            foreach (var (_, path) in person)
            {
                try
                {
                    await ConsoleHost.GoAsync(session.Page, path);
                    await session.Page.Locator("h1").First.WaitForAsync();
                    if (await session.Page.Locator(".state-forbidden").CountAsync() > 0)
                        wrong.Add($"{path}: {person.Key} may not open it, so nothing was judged");
                    await look(session.Page, path);
                }
                catch (TimeoutException late)
                {
                    // One page that does not come is named beside what the others show.
                    wrong.Add($"{path}: {late.Message.Split('\n')[0]}");
                }
            }

            wrong.AddRange(session.Faults.Where(f => !f.Contains("404", StringComparison.Ordinal)).Select(f => $"{person.Key}: {f}"));
        }
    }

    private static async Task<List<string>> LooksAsync(IPage page, string path, int[] widths)
    {
        List<string> wrong = [];
        foreach (var width in widths)
        {
            await page.SetViewportSizeAsync(width, 800);
            wrong.AddRange((await Looks.WrongAsync(page)).Select(w => $"{path} at {width}: {w}"));
        }

        await page.SetViewportSizeAsync(1280, 800);
        return wrong;
    }

    private static Task ThemeAsync(IPage page, string theme) => page.EvaluateAsync("theme => { document.documentElement.dataset.theme = theme; }", theme);

    [Fact]
    public async Task Every_entry_of_the_rail_is_reached_and_opened_by_keys_and_the_focus_is_seen()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/");
        var areas = await page.Locator("#rail a.area").EvaluateAllAsync<string[]>("all => all.map((a) => a.getAttribute('href'))");
        List<string> unseen = [];
        foreach (var area in areas)
        {
            await ConsoleHost.GoAsync(page, "/help");
            if (await TabToAsync(page, s => s.Rail && s.Href == area, unseen) is { } instead)
                Assert.Fail($"{area} is not reached by Tab from /help: {instead}");
            await page.Keyboard.PressAsync("Enter");
            await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == area, new() { WaitUntil = WaitUntilState.Commit });
            await ConsoleHost.ReadyAsync(page);
            await page.Locator("h1").First.WaitForAsync();
            foreach (var entry in await page.Locator("#rail li li a").EvaluateAllAsync<string[]>("all => all.map((a) => a.getAttribute('href'))"))
            {
                // Loaded anew: the same address again would keep where the last Tab stood.
                await page.GotoAsync("about:blank");
                await ConsoleHost.GoAsync(page, area);
                if (await TabToAsync(page, s => s.Rail && s.Href == entry, unseen) is { } other)
                    Assert.Fail($"{entry} is not reached by Tab from {area}: {other}");
                await page.Keyboard.PressAsync("Enter");
                await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == entry, new() { WaitUntil = WaitUntilState.Commit });
            }
        }

        Assert.True(unseen.Count == 0, "without a visible focus: " + string.Join(", ", unseen.Distinct()));
    }

    /// <summary>Answers null, or what was reached instead.</summary>
    private static async Task<string?> TabToAsync(IPage page, Func<Stop, bool> wanted, List<string> unseen)
    {
        List<string> stops = [];
        // A page that has just come to life may still move the focus to its heading: begin at the top once it rests.
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await page.Locator(".skip").FocusAsync();
        for (var pressed = 0; pressed < 80; pressed++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<Stop?>(Focus) is not { } stop)
                continue;
            stops.Add(stop.Name);
            if (!stop.Seen)
                unseen.Add($"{new Uri(page.Url).AbsolutePath} {stop.Name}");
            if (wanted(stop))
                return null;
        }

        return string.Join(" > ", stops);
    }

    private sealed class Stop
    {
        public string Name { get; set; } = "";

        public string Href { get; set; } = "";

        public bool Rail { get; set; }

        public bool Seen { get; set; }
    }
}
