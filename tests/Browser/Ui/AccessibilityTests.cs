using Appliance.Tests.Case;
using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The rules of WCAG 2.2, levels A and AA, that a machine can judge, on every page in both themes and both directions; and the keyboard, which it cannot.</summary>
public sealed class AccessibilityTests(FilledHost filled) : IClassFixture<FilledHost>
{
    private const string Judge =
        """
        async () => {
          const found = await axe.run(document, { resultTypes: ['violations'], runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'] } });
          return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} | ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? rule.help}`));
        }
        """;

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

    [Theory]
    [InlineData("en", "light")]
    [InlineData("en", "dark")]
    [InlineData("ar", "light")]
    public async Task No_page_breaks_a_rule_of_WCAG(string language, string theme)
    {
        var rules = await File.ReadAllTextAsync(Rules(), TestContext.Current.CancellationToken);
        List<string> broken = [];
        foreach (var person in filled.Pages.GroupBy(p => p.Person))
        {
            await using var session = await CaseStage.SignInAsync(filled.Host, person.Key, language);
            await session.Page.Context.AddCookiesAsync([new Cookie { Name = "cirt.theme", Value = theme, Url = filled.Host.Http.ToString() }]);
            foreach (var (_, path) in person)
            {
                await ConsoleHost.GoAsync(session.Page, path);
                await session.Page.Locator("h1").First.WaitForAsync();
                Assert.Equal(theme, await session.Page.GetAttributeAsync("html", "data-theme"));
                if (await session.Page.Locator(".state-forbidden").CountAsync() > 0)
                    broken.Add($"{path}: {person.Key} may not open it, so nothing was judged");
                broken.AddRange(await BrokenAsync(session.Page, rules, path));
            }
        }

        Assert.True(broken.Count == 0, $"{broken.Count}:\n{string.Join('\n', broken.Order(StringComparer.Ordinal))}");
    }

    [Fact]
    public async Task The_rules_find_a_planted_violation()
    {
        var rules = await File.ReadAllTextAsync(Rules(), TestContext.Current.CancellationToken);
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        await ConsoleHost.GoAsync(session.Page, "/help");
        await session.Page.EvaluateAsync("() => document.querySelector('main').append(document.createElement('button'))");

        Assert.Contains(await BrokenAsync(session.Page, rules, "/help"), b => b.Contains("button-name", StringComparison.Ordinal));
    }

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

    private static async Task<IEnumerable<string>> BrokenAsync(IPage page, string rules, string path)
    {
        // Evaluated by the debugger: the content policy, which refuses foreign scripts, stays as it is.
        await page.EvaluateAsync(rules + "\n;undefined");
        return (await page.EvaluateAsync<string[]>(Judge)).Select(b => $"{path}: {b}");
    }

    private static string Rules()
    {
        var file = Checkout.At("tests", "Browser", "node_modules", "axe-core", "axe.min.js");
        Assert.True(File.Exists(file), $"{file} is missing: ./build.sh test fetches it, or run npm ci in tests/Browser");
        return file;
    }

    private sealed class Stop
    {
        public string Name { get; set; } = "";

        public string Href { get; set; } = "";

        public bool Rail { get; set; }

        public bool Seen { get; set; }
    }
}
