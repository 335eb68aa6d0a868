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
    public async Task The_longest_text_of_the_widest_letters_is_kept_whole()
    {
        await using var browser = await console.OpenAsync("/");
        var page = browser.Page;
        var sockets = 0;
        page.WebSocket += (_, _) => sockets++;
        var text = string.Concat(Enumerable.Repeat("发现\"可疑\"\\登录 ", 20_000))[..Appliance.Ui.DraftArea.MostLetters];

        // As a paste does, at once: filled in by Chromium's own editing it takes half a minute.
        await page.EvalOnSelectorAsync(Notes, "(area, pasted) => { area.value = pasted; area.dispatchEvent(new Event('input', { bubbles: true })); }", text);
        await Assertions.Expect(page.Locator(".draft-note")).ToContainTextAsync("Draft kept", new() { Timeout = 30_000 });
        Assert.True(sockets == 0, "the circuit was lost on the way");
        await page.EvaluateAsync("() => sessionStorage.clear()");
        await page.ReloadAsync();
        await ConsoleHost.ReadyAsync(page);

        await page.WaitForFunctionAsync($"() => document.querySelector(\"{Notes}\").value.length === {text.Length}", null, new() { Timeout = 30_000 });
        Assert.True(text == await page.InputValueAsync(Notes), "the text came back changed");
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

    /// <summary>Ten times in every run, a hundred in the long one: the connection is cut, the page loaded anew or its window gone while somebody types.</summary>
    [Fact]
    public async Task No_character_older_than_two_seconds_is_lost_however_often_the_circuit_dies()
    {
        var times = Environment.GetEnvironmentVariable(LongFactAttribute.Variable) == "1" ? 100 : 10;
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;
        IWebSocketRoute? socket = null;
        await page.Context.RouteWebSocketAsync("**/_blazor**", route =>
        {
            socket = route;
            route.ConnectToServer();
        });
        var random = new Random(11);
        await ConsoleHost.GoAsync(page, "/");
        await page.FillAsync(Notes, "");
        for (var round = 0; round < times; round++)
        {
            var typed = await TypeAsync(page, $" {round}:{random.Next():x8}{random.NextInt64():x16}", random.Next(2100, 2600));
            var kind = round % 3;
            if (kind == 0)
                await socket!.CloseAsync(new() { Code = 3001 });
            var before = page;
            if (kind == 1)
                await page.ReloadAsync();
            else
                page = await page.Context.NewPageAsync();
            if (page != before)
                await before.CloseAsync();
            await ConsoleHost.GoAsync(page, "/");

            var found = await page.InputValueAsync(Notes);
            Assert.True(found.StartsWith(typed.Safe, StringComparison.Ordinal), $"round {round}, kind {kind}: '{found}' lacks some of '{typed.Safe}' of '{typed.All}'");
        }
    }

    /// <summary>A line of 150 ms each way, as over a satellite: every answer of the server is older than what stands in the field by then.</summary>
    [Fact]
    public async Task Nothing_typed_is_overwritten_by_a_late_answer()
    {
        await using var browser = await console.OpenAsync("/help");
        var page = browser.Page;
        await page.RouteWebSocketAsync("**/_blazor**", route =>
        {
            var server = route.ConnectToServer();
            var (up, down) = (Late(server.Send, server.Send), Late(route.Send, route.Send));
            route.OnMessage(up);
            server.OnMessage(down);
        });
        await ConsoleHost.GoAsync(page, "/");
        await page.FillAsync(Notes, "");

        var typed = string.Concat(Enumerable.Range(0, 60).Select(i => (char)('a' + i % 26)));
        await page.Locator(Notes).PressSequentiallyAsync(typed, new() { Delay = 35 });
        await Assertions.Expect(page.Locator(".draft-note")).ToContainTextAsync("Draft kept");

        await Assertions.Expect(page.Locator(Notes)).ToHaveValueAsync(typed);
        await ConsoleHost.GoAsync(page, "/");
        await Assertions.Expect(page.Locator(Notes)).ToHaveValueAsync(typed);
    }

    /// <summary>Passes frames on in their order, each 150 ms after it came. The first of a direction is the protocol's handshake, which is text; all others are bytes.</summary>
    private static Action<IWebSocketFrame> Late(Action<byte[]> bytes, Action<string> text)
    {
        var shaken = false;
        var last = Task.CompletedTask;
        return frame =>
        {
            var handshake = !shaken;
            shaken = true;
            last = Task.WhenAll(last, Task.Delay(150)).ContinueWith(_ =>
            {
                if (handshake)
                    text(frame.Text!);
                else
                    bytes(frame.Binary!);
            }, TaskScheduler.Default);
        };
    }

    /// <summary>Types at the end for some time; answers all that stood there and what was older than two seconds when it ended.</summary>
    private static async Task<(string All, string Safe)> TypeAsync(IPage page, string words, int milliseconds)
    {
        await page.FocusAsync(Notes);
        await page.Keyboard.PressAsync("Control+End");
        var text = await page.InputValueAsync(Notes);
        List<(TimeSpan At, int Length)> keys = [];
        var since = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; since.ElapsedMilliseconds < milliseconds; i++)
        {
            await page.Keyboard.TypeAsync(words[i % words.Length].ToString());
            text += words[i % words.Length];
            keys.Add((since.Elapsed, text.Length));
            await page.WaitForTimeoutAsync(25);
        }

        var old = since.Elapsed - TimeSpan.FromSeconds(2);
        var safe = keys.LastOrDefault(k => k.At <= old).Length;
        return (text, safe == 0 ? text[..(keys[0].Length - 1)] : text[..safe]);
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
