using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What must hold on every page of the console.</summary>
[Collection("console")]
public sealed class PagesTests(ConsoleHost console)
{
    private const string Stray =
        """
        () => {
          const found = [];
          const skip = 'code, kbd, time, script, style, button[lang], option[lang], .stamp, .clock, .tlp, .pap, .world, .secret, .heat, input[type=url], datalist option';
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const text = node.textContent.trim();
            const inside = node.parentElement;
            if (!/\p{L}{2}/u.test(text) || text.includes('⟦') || text.includes('⟧') || inside.closest(skip)) continue;
            // Names and what strangers wrote are no words of ours; headings and crumbs are.
            if (inside.closest('bdi') && !inside.closest('h1, .crumbs')) continue;
            // A text with markup inside (Markdown) carries the bracket in a neighbour.
            if (inside.closest('.prose')?.textContent.includes('⟦')) continue;
            found.push(text);
          }
          for (const name of ['title', 'placeholder', 'aria-label', 'alt']) {
            for (const element of document.querySelectorAll(`body [${name}]`)) {
              const text = element.getAttribute(name);
              if (/\p{L}{2}/u.test(text) && !text.includes('⟦') && !element.closest(skip)) found.push(`${name}: ${text}`);
            }
          }
          return found;
        }
        """;

    private static readonly string[] s_all =
    [
        "/", "/admin/users", "/admin/roles", "/admin/settings", "/admin/jobs", "/admin/deliveries", "/admin/audit", "/admin/mail", "/admin/mail/received",
        "/reports", "/reports?kind=custom", "/help/parts", "/account", "/account?tab=factor", "/account?tab=sessions", "/account?tab=look", "/search", "/help", "/setup/steps/organisation", "/setup/steps/finish",
    ];

    [Fact]
    public async Task Every_page_opens_without_a_fault_or_a_breach_of_the_content_policy_and_every_word_is_a_resource()
    {
        await using var browser = await console.OpenAsync("/", "qps");
        List<string> wrong = [];
        foreach (var path in s_all)
        {
            await ConsoleHost.GoAsync(browser.Page, path);
            await Assertions.Expect(browser.Page.Locator("h1")).ToHaveCountAsync(1);
            wrong.AddRange((await browser.Page.EvaluateAsync<string[]>(Stray)).Select(w => $"{path}: {w}"));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(browser.Faults);
    }

    [Fact]
    public async Task The_test_for_stray_words_finds_a_planted_one()
    {
        await using var browser = await console.OpenAsync("/", "qps");

        await browser.Page.EvaluateAsync("() => document.querySelector('main').append('Planted words')");

        Assert.Equal(["Planted words"], await browser.Page.EvaluateAsync<string[]>(Stray));
    }

    [Fact]
    public async Task Nothing_is_asked_of_another_host()
    {
        await using var browser = await console.OpenAsync("/");
        List<string> foreign = [];
        browser.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(console.Host.Https.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                foreign.Add(request.Url);
        };

        foreach (var path in s_all)
            await ConsoleHost.GoAsync(browser.Page, path);

        Assert.Empty(foreign);
    }

    [Fact]
    public async Task A_style_attribute_is_refused_by_the_policy()
    {
        await using var browser = await console.OpenAsync("/help");

        await browser.Page.EvaluateAsync("() => document.querySelector('h1').setAttribute('style', 'color: red')");
        await browser.Page.WaitForTimeoutAsync(200);

        Assert.Contains(browser.Faults, f => f.Contains("Content Security Policy", StringComparison.Ordinal) || f.Contains("Content-Security-Policy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_address_is_answered_with_a_drawn_page()
    {
        await using var browser = await console.OpenAsync("/help");

        var answer = await browser.Page.GotoAsync("/no/such/page");

        Assert.Equal(404, answer!.Status);
        await Assertions.Expect(browser.Page.Locator("main .state-notfound")).ToBeVisibleAsync();
    }
}
