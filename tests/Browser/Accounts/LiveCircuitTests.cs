using System.Diagnostics;
using Appliance.Tests.Browser.Ui;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Accounts;

/// <summary>What is on a screen ends with the log-in behind it: by another window, an administrator, or the operator's terminal.</summary>
[Collection("console")]
public sealed class LiveCircuitTests(ConsoleHost console)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("lock")]
    [InlineData("roles")]
    [InlineData("sessions")]
    [InlineData("terminal")]
    public async Task What_an_administrator_takes_leaves_the_screen_within_ten_seconds(string how)
    {
        var name = $"live-{how}";
        await using var colleague = await ColleagueAsync(name);
        await using var desk = await console.OpenAsync("/admin/users");
        await desk.Page.Locator("td a", new() { HasText = name }).ClickAsync();
        await desk.Page.WaitForURLAsync("**/admin/users/*");
        await ConsoleHost.ReadyAsync(desk.Page);
        var watch = Stopwatch.StartNew();
        switch (how)
        {
            case "lock":
                await PressAndConfirmAsync(desk.Page, "Lock");
                break;
            case "roles":
                await desk.Page.Locator(".checks input").Nth(3).ClickAsync();
                await desk.Page.Locator("main button", new() { HasText = "Save" }).First.ClickAsync();
                break;
            case "sessions":
                await PressAndConfirmAsync(desk.Page, "End all log-ins");
                break;
            default:
                var (code, output) = await console.Host.RunAsync("user", "lock", name);
                Assert.True(code == 0, output);
                watch.Restart();
                break;
        }
        await colleague.Page.WaitForURLAsync("**/login**");
        Assert.True(watch.Elapsed < s_limit, $"took {watch.Elapsed.TotalSeconds:0.0} s");
        TestContext.Current.SendDiagnosticMessage($"{how}: {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task Logging_out_in_one_window_ends_the_other()
    {
        await using var person = await ColleagueAsync("live-windows");
        var other = await person.AnotherPageAsync();
        await ConsoleHost.GoAsync(other, "/account");
        var watch = Stopwatch.StartNew();
        await person.Page.ClickAsync("details.user > summary");
        await person.Page.ClickAsync("form[action='/account/logout'] button");
        await other.WaitForURLAsync("**/login**");
        Assert.True(watch.Elapsed < s_limit, $"took {watch.Elapsed.TotalSeconds:0.0} s");
    }

    private async Task<BrowserSession> ColleagueAsync(string name)
    {
        var (code, output) = await console.Host.RunAsync("user", "invite", name, "--role", "analyst");
        Assert.True(code == 0, output);
        var colleague = await BrowserSession.OpenAsync(console.Host.Https);
        var link = output.Split('\n').First(l => l.Contains("/invite/", StringComparison.Ordinal)).Trim();
        await colleague.Page.GotoAsync(link[link.IndexOf("/invite/", StringComparison.Ordinal)..]);
        await colleague.Page.FillAsync("[name=password]", "seven tall poplars 4");
        await colleague.Page.ClickAsync("main button[type=submit]");
        await colleague.Page.WaitForURLAsync("**/account?tab=factor");
        await ConsoleHost.GoAsync(colleague.Page, "/");
        return colleague;
    }

    private static async Task PressAndConfirmAsync(IPage page, string text)
    {
        await page.Locator("main button", new() { HasText = text }).First.ClickAsync();
        await page.Locator("dialog[open] .danger").ClickAsync();
    }
}
