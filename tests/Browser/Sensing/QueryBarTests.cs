using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Sensing;

/// <summary>The query bar while somebody types: suggestions by keyboard and pointer, over a slow line, and without the right.</summary>
public sealed class QueryBarTests(SpooledHost stage) : IClassFixture<SpooledHost>
{
    private const string Asked = "**/api/v1/sensing/groups/hints**";

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Fields_and_values_are_taken_by_keyboard(string language)
    {
        await using var session = await CaseStage.SignInAsync(stage.Host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(
            async () =>
            {
                var (bar, options) = await OpenAsync(session);
                Assert.Equal("combobox", await bar.GetAttributeAsync("role"));
                await bar.PressSequentiallyAsync("se");
                await Assertions.Expect(options).ToHaveCountAsync(2);
                await Assertions.Expect(bar).ToHaveAttributeAsync("aria-expanded", "true");
                await session.PictureAsync($"sense-query-fields-{language}");
                Assert.Empty(await Looks.WrongAsync(page));

                // Nothing is chosen before an arrow: Enter would send what was typed.
                Assert.Null(await bar.GetAttributeAsync("aria-activedescendant"));
                await bar.PressAsync("ArrowDown");
                await Assertions.Expect(options.First).ToHaveAttributeAsync("aria-selected", "true");
                Assert.Equal(await options.First.GetAttributeAsync("id"), await bar.GetAttributeAsync("aria-activedescendant"));
                await bar.PressAsync("Tab");
                await Assertions.Expect(bar).ToHaveValueAsync("sev:");
                await Assertions.Expect(bar).ToBeFocusedAsync();
                await Assertions.Expect(options).ToHaveCountAsync(4);
                await session.PictureAsync($"sense-query-values-{language}");
                await bar.PressAsync("ArrowUp");
                await bar.PressAsync("ArrowUp");
                await bar.PressAsync("Enter");
                await Assertions.Expect(bar).ToHaveValueAsync("sev:3 ");

                // Escape closes and keeps what was typed; a second one is the browser's.
                await bar.PressSequentiallyAsync("name:");
                await Assertions.Expect(options.First).ToBeVisibleAsync();
                await bar.PressAsync("Escape");
                await Assertions.Expect(options).ToHaveCountAsync(0);
                await Assertions.Expect(bar).ToHaveValueAsync("sev:3 name:");

                // What an attacker wrote stands as text, apart from the direction around it, and goes in quoted.
                await bar.PressAsync("ArrowDown");
                var hostile = options.Filter(new() { HasText = "txt.exe" });
                await Assertions.Expect(hostile).ToHaveCountAsync(1);
                Assert.Equal(SpooledHost.Hostile.Replace("\u202e", "[U+202E]", StringComparison.Ordinal), await hostile.Locator("bdi").First.TextContentAsync());
                Assert.Equal(0, await page.Locator(".hints img").CountAsync());
                await session.PictureAsync($"sense-query-hostile-{language}");
                await hostile.ClickAsync();
                await Assertions.Expect(bar).ToHaveValueAsync($"sev:3 name:\"{SpooledHost.Hostile}\" ");
                await bar.FillAsync("");
                await bar.PressSequentiallyAsync("sid:9001");
                await Assertions.Expect(options).ToHaveCountAsync(1);
                await bar.PressAsync("Enter");
                await page.WaitForURLAsync("**q=sid%3A9001**");
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(4, new() { Timeout = 15_000 });
            },
            stage.Host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task An_older_answer_never_takes_the_place_of_a_newer_one()
    {
        await using var session = await CaseStage.SignInAsync(stage.Host, "amina");
        var page = session.Page;
        var (bar, options) = await OpenAsync(session);
        // The first question is answered last.
        var held = new TaskCompletionSource();
        await page.RouteAsync(Asked, async route =>
        {
            if (route.Request.Url.Contains("q=s&", StringComparison.Ordinal))
                await held.Task;
            await route.ContinueAsync();
        });
        var first = page.WaitForRequestAsync(Asked);
        await bar.PressSequentiallyAsync("s");
        await first;
        await bar.PressSequentiallyAsync("core:");
        await bar.PressSequentiallyAsync(" i");
        await Assertions.Expect(options).ToHaveTextAsync(["ip:address on either side", "is:what holds for it"]);
        held.SetResult();
        await page.WaitForTimeoutAsync(500);
        await Assertions.Expect(options).ToHaveTextAsync(["ip:address on either side", "is:what holds for it"]);

        // A line that answers nothing takes no letter away and sends the query.
        await page.UnrouteAsync(Asked);
        await page.RouteAsync(Asked, route => route.AbortAsync());
        await bar.FillAsync("");
        await bar.PressSequentiallyAsync("sid:9002");
        await Assertions.Expect(bar).ToHaveValueAsync("sid:9002");
        await bar.PressAsync("Enter");
        await page.WaitForURLAsync("**q=sid%3A9002**");
    }

    [Fact]
    public async Task Who_may_not_ask_is_asked_for_nothing_and_types_on()
    {
        await using var session = await CaseStage.SignInAsync(stage.Host, "amina");
        var page = session.Page;
        var (bar, options) = await OpenAsync(session);
        var asked = 0;
        await page.RouteAsync(Asked, route =>
        {
            Interlocked.Increment(ref asked);
            return route.FulfillAsync(new() { Status = 403, Body = "{}" });
        });
        await bar.PressSequentiallyAsync("s");
        await page.WaitForResponseAsync(Asked);
        await page.WaitForFunctionAsync("() => !document.querySelector('input[data-hints]')");
        await page.Locator("input[data-query]").PressSequentiallyAsync("id:9003", new() { Delay = 40 });
        await page.WaitForTimeoutAsync(300);
        Assert.Equal(1, asked);
        await Assertions.Expect(options).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("input[data-query]")).ToHaveValueAsync("sid:9003");
    }

    private static async Task<(ILocator Bar, ILocator Options)> OpenAsync(BrowserSession session)
    {
        await session.Page.GotoAsync("/sense/inbox");
        await Assertions.Expect(session.Page.Locator("tr[data-key]").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(session.Page.Locator("html")).ToHaveAttributeAsync("data-circuit", "up", new() { Timeout = 15_000 });
        var bar = session.Page.Locator("input[data-query]");
        await bar.FocusAsync();
        return (bar, session.Page.Locator(".hints [role=option]"));
    }
}
