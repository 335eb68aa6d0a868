using System.Text.Json;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Setup;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Accounts;

/// <summary>Passkeys from registering to removal, with Chromium's own virtual authenticator, on the plain address of loopback that counts as secure.</summary>
public sealed class PasskeyTests
{
    [Fact]
    public async Task A_passkey_is_the_administrators_second_factor_opens_the_account_and_is_renamed_and_removed()
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        // A passkey belongs to a name, never to an address.
        var site = new UriBuilder(host.Http) { Host = "localhost" }.Uri;
        var line = await host.Process.LineAsync(l => l.Contains("/setup?token=", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        await using var browser = await BrowserSession.OpenAsync(site);
        await browser.KeepingAsync(() => GoThroughAsync(browser, line[line.IndexOf("/setup?token=", StringComparison.Ordinal)..].Trim()), host);
    }

    private static async Task GoThroughAsync(BrowserSession browser, string link)
    {
        var page = browser.Page;
        var devices = await page.Context.NewCDPSessionAsync(page);
        await devices.SendAsync("WebAuthn.enable");
        var device = await PlugInAsync(devices);
        await page.GotoAsync(link);
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=password]", "quiet river lantern 9");
        await page.ClickAsync("main button[type=submit].primary");
        await page.WaitForURLAsync("**/setup/steps");
        var before = await SessionAsync(page);

        // Nothing else opens before there is a factor.
        await ConsoleHost.GoAsync(page, "/admin/users");
        Assert.Equal("/account", new Uri(page.Url).AbsolutePath);
        await page.FillAsync("#field-passkey-name", "Laptop of Amina");
        await page.Locator("#passkeys form button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("#passkeys tbody tr")).ToHaveCountAsync(1);
        Assert.NotEqual(before, await SessionAsync(page));
        await ConsoleHost.GoAsync(page, "/admin/users");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("People");

        // Out, and in again without name or password.
        await LogOutAsync(page);
        await EnterAsync(page);
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");
        await ConsoleHost.GoAsync(page, "/account?tab=factor");
        await browser.PictureAsync("account-passkeys-en");
        await page.Locator("#passkeys tbody button", new() { HasText = "Rename" }).ClickAsync();
        await page.Locator("#passkeys tbody input").FillAsync("<b>Desk</b>");
        await page.Locator("#passkeys tbody button", new() { HasText = "Save" }).ClickAsync();
        await Assertions.Expect(page.Locator("#passkeys tbody bdi").First).ToHaveTextAsync("<b>Desk</b>");

        // The last factor stays.
        await RemoveAsync(page);
        await Assertions.Expect(page.Locator(".toast").Last).ToContainTextAsync("must keep a second factor");

        // Password alone does not open the account any more; with the passkey as second step it does.
        await LogOutAsync(page);
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=password]", "quiet river lantern 9");
        await page.ClickAsync("form[action='/account/login'] button[type=submit]");
        await page.WaitForURLAsync("**/login?step=code**");
        await page.Locator("form[data-passkey=enter] button").ClickAsync();
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");

        // A device that holds nothing of this site opens nothing; one whose person is not recognised neither.
        await LogOutAsync(page);
        await devices.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = device, ["isUserVerified"] = false });
        await EnterAsync(page);
        await Assertions.Expect(page.Locator("[data-passkey-failed]")).ToBeVisibleAsync();
        Assert.EndsWith("/login", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);

        // With an authenticator besides, the passkey may go.
        await devices.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = device, ["isUserVerified"] = true });
        await EnterAsync(page);
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");
        await ConsoleHost.GoAsync(page, "/account?tab=factor");
        await page.Locator("main button", new() { HasText = "Set up an authenticator" }).ClickAsync();
        var secret = await page.Locator("main .secret").InnerTextAsync();
        await page.FillAsync("#field-code", Authenticator.CodeOf(secret, DateTimeOffset.UtcNow));
        await page.Locator("main button", new() { HasText = "Switch on" }).ClickAsync();
        await page.EvaluateAsync("() => { window.before = true; }");
        await page.Locator("main button", new() { HasText = "I have kept them" }).ClickAsync();
        // The same address, loaded anew.
        await page.WaitForFunctionAsync("() => !window.before");
        await ConsoleHost.ReadyAsync(page);
        await RemoveAsync(page);
        await Assertions.Expect(page.Locator("#passkeys tbody tr")).ToHaveCountAsync(0);
        await LogOutAsync(page);
        await EnterAsync(page);
        await Assertions.Expect(page.Locator(".refusals")).ToContainTextAsync("does not open an account");
    }

    private static async Task<string> PlugInAsync(ICDPSession devices)
    {
        var answer = await devices.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
        return answer!.Value.GetProperty("authenticatorId").GetString()!;
    }

    private static Task EnterAsync(IPage page) => page.Locator("form[data-passkey=enter] button").ClickAsync();

    private static async Task LogOutAsync(IPage page)
    {
        await ConsoleHost.ReadyAsync(page);
        await page.ClickAsync("details.user > summary");
        await page.ClickAsync("form[action='/account/logout'] button");
        await page.WaitForURLAsync("**/login**");
        await page.GotoAsync("/login");
    }

    private static async Task RemoveAsync(IPage page)
    {
        await page.Locator("#passkeys tbody button", new() { HasText = "Remove" }).ClickAsync();
        await page.Locator("dialog[open] .danger").ClickAsync();
    }

    private static async Task<string> SessionAsync(IPage page) => (await page.Context.CookiesAsync()).Single(c => c.Name == "cirt-plain").Value;
}
