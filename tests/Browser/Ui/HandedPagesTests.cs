using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What was read for the first picture of a page is there on the live page too: opened by its address, not by a link.</summary>
public sealed class HandedPagesTests(FilledHost filled) : IClassFixture<FilledHost>
{
    private static readonly LocatorAssertionsToHaveValueOptions s_soon = new() { Timeout = 30_000 };

    [Fact]
    public async Task Roles_of_a_person_stay_chosen()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/admin/users");
        var person = await page.Locator("tr[data-key]", new() { HasText = "amina" }).First.GetAttributeAsync("data-key");

        await ConsoleHost.GoAsync(page, $"/admin/users/{person}");

        await Assertions.Expect(page.Locator("main input[type=checkbox]:checked")).Not.ToHaveCountAsync(0);
        Assert.Empty(session.Faults);
    }

    [Fact]
    public async Task Name_of_an_asset_stays_in_its_field()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "amina");
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/sense/assets");
        var asset = (await page.Locator("tr[data-key] a[href^='/sense/assets/']").First.GetAttributeAsync("href"))!;
        await ConsoleHost.GoAsync(page, asset);
        var field = page.Locator("aside .form input[maxlength]");
        await field.FillAsync("Portal of the ministry");
        await page.Locator(".form-actions button.primary").ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync("Portal of the ministry");

        await ConsoleHost.GoAsync(page, asset);

        await Assertions.Expect(field).ToHaveValueAsync("Portal of the ministry", s_soon);
        Assert.Empty(session.Faults);
    }

    [Fact]
    public async Task Own_rules_stay_in_their_editor()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        var page = session.Page;
        const string rule = "alert icmp any any -> any any (msg:\"one of ours\"; sid:9100001; rev:1;)";
        await ConsoleHost.GoAsync(page, "/sense/rules/edit");
        await page.Locator("textarea.mono").FillAsync(rule);
        await page.Locator(".form-actions button.primary").ClickAsync();
        await Assertions.Expect(page.GetByText("Saved:").First).ToBeVisibleAsync(new() { Timeout = 30_000 });

        await ConsoleHost.GoAsync(page, "/sense/rules/edit");

        await Assertions.Expect(page.Locator("textarea.mono")).ToHaveValueAsync(rule, s_soon);
        Assert.Empty(session.Faults);
    }

    [Fact]
    public async Task Template_that_was_opened_by_its_address_can_be_saved()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "amina");
        var page = session.Page;
        var template = filled.Pages.First(p => p.Path.StartsWith("/tickets/templates/", StringComparison.Ordinal)).Path;
        await ConsoleHost.GoAsync(page, template);

        await page.Locator("main input[maxlength]").First.FillAsync("Web attack, renamed");
        await page.Locator(".form-actions button.primary").ClickAsync();

        await page.WaitForURLAsync("**/tickets/templates");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("Web attack, renamed", new() { Timeout = 30_000 });
        Assert.Empty(session.Faults);
    }

    [Fact]
    public async Task What_the_keys_page_says_of_the_own_address_stays()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "lee");
        await ConsoleHost.GoAsync(session.Page, "/admin/mail-keys");
        await Assertions.Expect(session.Page.Locator("main > .notice, main .notice").First).ToBeVisibleAsync();
        Assert.Empty(session.Faults);
    }
}
