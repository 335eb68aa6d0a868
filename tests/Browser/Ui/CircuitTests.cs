using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What happens to a page and to typed text when the connection or the host goes. Has a host of its own, which it kills.</summary>
public sealed class CircuitTests(ConsoleHost console) : IClassFixture<ConsoleHost>
{
    private const string Notes = "[data-draft='/#notes']";

    [Fact]
    public async Task A_draft_survives_a_killed_host_and_the_page_comes_back_by_itself()
    {
        await using var browser = await console.OpenAsync("/");
        var page = browser.Page;
        var text = $"called the hospital at 03:10, {Guid.NewGuid():N}";

        await page.FillAsync(Notes, text);
        await Assertions.Expect(page.Locator(".draft-note")).ToContainTextAsync("Draft kept");
        await console.Host.KillAsync();
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        Assert.Equal(text, await page.InputValueAsync(Notes));
        // Typed while nobody listens.
        await page.Locator(Notes).PressSequentiallyAsync(" and later");
        await page.EvaluateAsync("() => { window.before = true; }");
        await console.Host.StartAgainAsync();

        await page.WaitForFunctionAsync("() => !window.before", null, new() { Timeout = 40_000 });
        await ConsoleHost.ReadyAsync(page);
        await Assertions.Expect(page.Locator(Notes)).ToHaveValueAsync(text + " and later");
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_lost_connection_is_taken_up_again_without_loading_the_page()
    {
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;
        IWebSocketRoute? socket = null;
        await page.RouteWebSocketAsync("**/_blazor**", route =>
        {
            socket = route;
            route.ConnectToServer();
        });
        await ConsoleHost.GoAsync(page, "/");
        await page.EvaluateAsync("() => { window.before = true; }");

        await socket!.CloseAsync(new() { Code = 3001 });
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'lost'");
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'");
        await page.FillAsync(Notes, "still here");

        await Assertions.Expect(page.Locator(".draft-note")).ToContainTextAsync("Draft kept");
        Assert.True(await page.EvaluateAsync<bool>("() => window.before === true"));
    }

    [Fact]
    public async Task A_static_page_leads_into_a_live_one_without_loading_everything_again()
    {
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;
        await page.EvaluateAsync("() => { window.before = true; }");

        await page.ClickAsync("#rail a[href='/']");
        await page.WaitForFunctionAsync("() => location.pathname === '/'");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Home");

        Assert.True(await page.EvaluateAsync<bool>("() => window.before === true"), "enhanced navigation keeps the document");
        await page.FillAsync(Notes, "typed after enhanced navigation");
        await Assertions.Expect(page.Locator(".draft-note")).ToContainTextAsync("Draft kept");
        Assert.Empty(browser.Faults);
    }

    [Fact]
    public async Task Leaving_a_live_page_keeps_the_circuit()
    {
        await using var browser = await console.OpenAsync("/");
        var page = browser.Page;
        var sockets = 0;
        page.WebSocket += (_, _) => sockets++;

        await page.ClickAsync("#rail a[href='/admin/health']");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Health");
        await page.ClickAsync("#rail a[href='/admin/users']");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("People");

        Assert.Equal(0, sockets);
        Assert.Empty(browser.Faults);
    }
}
