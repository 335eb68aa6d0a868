using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Sensing;

/// <summary>The sensing desk in a real browser over a real host and sensor: a capture dropped, its alerts decided by key, in two directions of writing.</summary>
public sealed class SensingDeskTests
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private static string Capture => Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap");

    [Fact]
    public async Task Capture_is_dropped_and_its_alerts_are_triaged_by_key()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina");
        var page = session.Page;

        // Empty: the page says which link of the chain is broken.
        await page.GotoAsync("/sense/inbox");
        await Assertions.Expect(page.Locator("ol.chain li")).ToHaveCountAsync(7, new() { Timeout = 30_000 });
        await session.PictureAsync("sense-inbox-empty-en");

        await page.GotoAsync("/sense/rules");
        await Assertions.Expect(page.GetByText("Starter rules", new() { Exact = true })).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-rules-en");

        await session.GoAsync("/sense/captures");
        await page.Locator(".drop input[type=file]").SetInputFilesAsync(Capture);
        await Assertions.Expect(page.GetByText("Replayed", new() { Exact = true })).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-captures-en");

        await page.GotoAsync("/sense/inbox");
        var rows = page.Locator("tr[data-key]");
        await Assertions.Expect(rows.First).ToBeVisibleAsync(s_soon);
        var before = await rows.CountAsync();
        Assert.True(before > 2, $"{before} groups");
        await session.PutCursorAsync();
        await session.PictureAsync("sense-inbox-en");

        await page.Keyboard.PressAsync("e");
        await Assertions.Expect(rows).ToHaveCountAsync(before - 1, new() { Timeout = 15_000 });
        await page.Keyboard.PressAsync("u");
        await Assertions.Expect(rows).ToHaveCountAsync(before, new() { Timeout = 15_000 });

        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("s");
        await Assertions.Expect(rows).ToHaveCountAsync(before - 1, new() { Timeout = 15_000 });
        await page.GotoAsync("/sense/inbox?view=escalated");
        await Assertions.Expect(page.GetByText("INC-").First).ToBeVisibleAsync(s_soon);

        await rows.First.Locator("a").First.ClickAsync();
        await page.WaitForURLAsync("**/sense/alerts/**");
        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-alert-en");
        foreach (var tab in new[] { "flow", "payload", "packets", "raw", "history" })
        {
            await page.GotoAsync(new Uri(page.Url).GetLeftPart(UriPartial.Path) + "?tab=" + tab);
            await Assertions.Expect(page.Locator("aside section.card").First).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"sense-alert-{tab}-en");
        }

        await page.GotoAsync("/sense/events?q=type:http");
        await Assertions.Expect(rows.First).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-events-en");
        await page.GotoAsync("/sense/sensors");
        await Assertions.Expect(page.GetByText("Running", new() { Exact = true })).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-sensors-en");
        await page.Locator("tbody th a").First.ClickAsync();
        await page.WaitForURLAsync("**/sense/sensors/*");
        await Assertions.Expect(page.Locator("section.card table").First).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-sensor-en");
        foreach (var (path, name) in new[] { ("/sense/assets", "assets"), ("/sense/data", "data"), ("/sense/rules?view=noise", "noise"), ("/sense/rules/edit", "editor"), ("/sense/rules/sources/0198c0de-0000-7000-8000-000000000001", "source") })
        {
            await page.GotoAsync(path);
            await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync(s_soon);
            // The sample's addresses belong to nobody here, so the list of our own is empty and says so; a source's first version is folded away.
            await Assertions.Expect(page.Locator("main table:not(.sr-only):visible, main textarea:visible, main .state:visible, main dl:visible").First).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"sense-{name}-en");
        }
        await page.GotoAsync("/sense/assets/192.0.2.25");
        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-asset-en");
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults) + "\n" + host.Process.Output);
    }

    [Fact]
    public async Task Alerts_appear_by_themselves_and_the_desk_is_mirrored_in_Arabic()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina", "ar");
        var page = session.Page;
        await page.GotoAsync("/sense/inbox");
        await Assertions.Expect(page.Locator("ol.chain li")).ToHaveCountAsync(7, new() { Timeout = 30_000 });
        var (code, output) = await host.RunAsync("replay", Capture);
        Assert.True(code == 0, output);
        // Nobody reloads: what comes into an empty inbox is shown by itself.
        await Assertions.Expect(page.Locator("tr[data-key]").First).ToBeVisibleAsync(new() { Timeout = 5_000 });
        await session.PutCursorAsync();
        await session.PictureAsync("sense-inbox-ar");
        Assert.Equal("rtl", await page.Locator("html").GetAttributeAsync("dir"));
        await page.Locator("tr[data-key] a").First.ClickAsync();
        await page.WaitForURLAsync("**/sense/alerts/**");
        await Assertions.Expect(page.Locator("aside section.card").First).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-alert-ar");
        await page.GotoAsync("/sense/sensors");
        await Assertions.Expect(page.Locator("section.card").First).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-sensors-ar");
        await page.Locator("tbody th a").First.ClickAsync();
        await page.WaitForURLAsync("**/sense/sensors/*");
        await Assertions.Expect(page.Locator("section.card table").First).ToBeVisibleAsync(s_soon);
        await session.PictureAsync("sense-sensor-ar");
        foreach (var (path, name) in new[] { ("/sense/assets", "assets"), ("/sense/data", "data"), ("/sense/rules?view=noise", "noise") })
        {
            await page.GotoAsync(path);
            await Assertions.Expect(page.Locator("main table:not(.sr-only):visible, main .state:visible").First).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"sense-{name}-ar");
        }
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults) + "\n" + host.Process.Output);
    }

    private static async Task<HostProcess> HostAsync()
    {
        var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await host.StartSensorAsync();
        for (var tries = 0; await CaseStage.CountAsync(host, "select count(*) from sensing.sensor_generations where state = 'loaded' and rules_loaded > 0") == 0; tries++)
        {
            Assert.True(tries < 150, host.Process.Output);
            await Task.Delay(200);
        }
        return host;
    }
}
