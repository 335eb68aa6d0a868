using Appliance.Tests.Browser.Ui;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Accounts;

/// <summary>The pages on which an administrator decides who and what may do something.</summary>
[Collection("console")]
public sealed class AccessPagesTests(ConsoleHost console)
{
    [Fact]
    public async Task An_own_role_starts_from_a_shipped_one_is_shown_with_who_holds_it_and_removed()
    {
        await using var browser = await console.OpenAsync("/admin/roles");
        await browser.KeepingAsync(async () =>
        {
            var page = browser.Page;
            await browser.PictureAsync("roles-en");
            await ConsoleHost.GoAsync(page, "/admin/roles/new?from=auditor");
            await page.FillAsync("#field-title", "Night shift");
            await page.Locator("fieldset[data-module=ticketing] input").First.CheckAsync();
            await browser.PictureAsync("role-new-en");
            await page.Locator("main button", new() { HasText = "Save" }).ClickAsync();
            await page.WaitForURLAsync("**/admin/roles");
            await Assertions.Expect(page.Locator("main a[href='/admin/roles/own/night-shift']")).ToBeVisibleAsync();
            await ConsoleHost.GoAsync(page, "/admin/roles?tab=who&right=kernel.users.manage");
            await Assertions.Expect(page.Locator("#who-may")).ToContainTextAsync("Amina Diallo");
            await Assertions.Expect(page.Locator("#who-may")).ToContainTextAsync("Administrator");
            await page.Locator("#who-may a").First.ClickAsync();
            // The page of roles has a tab of that kind too.
            await page.WaitForURLAsync("**/admin/users/*");
            await page.Locator("a[href*='tab=person']").ClickAsync();
            await Assertions.Expect(page.Locator("#effective")).ToContainTextAsync("kernel.settings.manage");
            await browser.PictureAsync("rights-of-person-en");
            await ConsoleHost.GoAsync(page, "/admin/roles/own/night-shift");
            await page.Locator("main button", new() { HasText = "Remove role" }).ClickAsync();
            await page.Locator("dialog[open] .danger").ClickAsync();
            await page.WaitForURLAsync("**/admin/roles");
            await Assertions.Expect(page.Locator("main a[href='/admin/roles/own/night-shift']")).ToHaveCountAsync(0);
            Assert.Empty(browser.Faults);
        }, console.Host);
    }

    [Fact]
    public async Task A_token_is_issued_shown_once_and_revoked()
    {
        await using var browser = await console.OpenAsync("/admin/tokens");
        await browser.KeepingAsync(async () =>
        {
            var page = browser.Page;
            await page.Keyboard.PressAsync("i");
            await page.FillAsync("#token-name", "nightly-report");
            await page.Locator("dialog[open] .check", new() { HasText = "kernel.audit.read" }).Locator("input").CheckAsync();
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            var secret = await page.Locator("#token-secret").InnerTextAsync();
            await browser.PictureAsync("token-issued-en");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "nightly-report" })).ToHaveCountAsync(1);
            await Assertions.Expect(page.Locator("#token-secret")).ToHaveCountAsync(0);
            Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
            await page.Locator("tbody tr", new() { HasText = "nightly-report" }).Locator("button").ClickAsync();
            await page.Locator("dialog[open] .danger").ClickAsync();
            await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "nightly-report" })).ToHaveCountAsync(0);
            Assert.Empty(browser.Faults);
        }, console.Host);
    }

    [Fact]
    public async Task A_webhook_is_made_refused_with_a_bad_address_given_a_new_secret_and_removed()
    {
        await using var browser = await console.OpenAsync("/admin/webhooks");
        await browser.KeepingAsync(async () =>
        {
            var page = browser.Page;
            await page.Keyboard.PressAsync("i");
            await page.FillAsync("#webhook-name", "mirror");
            await page.FillAsync("#webhook-url", "ftp://mirror.example/");
            await page.Locator("dialog[open] fieldset input").First.CheckAsync();
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open] .field-wrong")).ToHaveCountAsync(1);
            await page.FillAsync("#webhook-url", "https://mirror.example/cirt");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            var first = await page.Locator("#webhook-secret").InnerTextAsync();
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await page.Locator("main a", new() { HasText = "mirror" }).ClickAsync();
            await page.WaitForURLAsync("**/admin/webhooks/*");
            await ConsoleHost.ReadyAsync(page);
            await page.Locator("main button", new() { HasText = "New secret" }).ClickAsync();
            await page.Locator("dialog[open] footer button").Last.ClickAsync();
            await Assertions.Expect(page.Locator("#webhook-secret")).Not.ToHaveTextAsync(first);
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await browser.PictureAsync("webhook-en");
            await page.Locator("main button", new() { HasText = "Remove" }).ClickAsync();
            await page.Locator("dialog[open] .danger").ClickAsync();
            await page.WaitForURLAsync("**/admin/webhooks");
            await Assertions.Expect(page.Locator("main a", new() { HasText = "mirror" })).ToHaveCountAsync(0);
            Assert.Empty(browser.Faults);
        }, console.Host);
    }

    [Theory]
    [InlineData("/admin/roles")]
    [InlineData("/admin/tokens")]
    [InlineData("/admin/webhooks")]
    [InlineData("/account?tab=sessions")]
    public async Task Pages_are_drawn_in_arabic(string path)
    {
        await using var browser = await console.OpenAsync(path, "ar");
        await browser.PictureAsync($"{path.Split('/', '?')[^1].Replace("tab=", "", StringComparison.Ordinal)}-ar");
        Assert.DoesNotMatch("[A-Za-z]{4,}", await browser.Page.Locator("h1").InnerTextAsync());
    }
}
