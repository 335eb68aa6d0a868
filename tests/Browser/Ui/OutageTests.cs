using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What people at the console see when the database goes and comes back, without touching the page.</summary>
public sealed class OutageTests
{
    private const float Told = 10_000;
    private const float Back = 60_000;

    [Theory]
    [InlineData("en", "The database does not answer")]
    [InlineData("ar", "قاعدة البيانات لا تستجيب")]
    public async Task A_live_page_says_that_the_database_is_away_and_goes_on_by_itself(string language, string words)
    {
        await using var server = await OwnServer.StartAsync();
        await using var host = await HostProcess.StartOnAsync(server.Address, new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        Assert.Equal(0, (await host.RunAsync("demo", "people")).Code);
        var amina = DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == "amina");
        await using var browser = await BrowserSession.OpenAsync(host.Https, language);
        var page = browser.Page;
        await page.GotoAsync("/login?next=/tickets");
        await page.FillAsync("[name=name]", amina.Name);
        await page.FillAsync("[name=password]", amina.Password);
        await page.ClickAsync("main button[type=submit]");
        await page.WaitForURLAsync("**/tickets");
        await ConsoleHost.ReadyAsync(page);
        await page.EvaluateAsync("() => { window.before = true; }");

        await server.StopAsync();
        await Assertions.Expect(page.Locator(".alarm")).ToContainTextAsync(words, new() { Timeout = Told });
        // Whoever goes on working meets the reason, not a fault.
        await page.ClickAsync("#rail a[href='/watch']");
        await Assertions.Expect(page.Locator("main .state-failed")).ToBeVisibleAsync(new() { Timeout = Told });
        await page.ScreenshotAsync(new() { Path = Path.Combine(Checkout.Artifacts, $"database-away-{language}.png") });

        await server.StartAgainAsync();
        await Assertions.Expect(page.Locator(".alarm")).ToBeHiddenAsync(new() { Timeout = Back });
        await Assertions.Expect(page.Locator("main .list, main .state-empty").First).ToBeVisibleAsync(new() { Timeout = Back });
        await Assertions.Expect(page.Locator("main .state-failed")).ToHaveCountAsync(0);
        Assert.True(await page.EvaluateAsync<bool>("() => window.before === true"));
        Assert.Empty(browser.Faults);
    }
}
