using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The home page: what waits for whom, what was open, and whether what the network carries arrives.</summary>
public sealed class HomeTests(FilledHost filled) : IClassFixture<FilledHost>
{
    [Fact]
    public async Task What_was_opened_and_what_is_owned_stands_on_the_home_page_of_that_person_alone()
    {
        var incident = filled.Incident;
        await using var session = await CaseStage.SignInAsync(filled.Host, "amina");
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/");
        await Assertions.Expect(page.Locator("[aria-labelledby=recent-title]")).ToContainTextAsync("that you open are listed here");
        await Assertions.Expect(page.Locator("[aria-labelledby=pipeline-title] li")).ToHaveCountAsync(7);

        await ConsoleHost.GoAsync(page, incident);
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("h");
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");
        await Assertions.Expect(page.Locator("[aria-labelledby=recent-title] a")).ToHaveAttributeAsync("href", incident);
        await Assertions.Expect(page.Locator("[aria-labelledby=work-title] .things")).ToContainTextAsync("Your draft");
        await session.PictureAsync("home-en");

        await page.ClickAsync("[aria-labelledby=recent-title] a");
        await page.WaitForURLAsync("**" + incident);
        await using var other = await CaseStage.SignInAsync(filled.Host, "lee");
        await ConsoleHost.GoAsync(other.Page, "/");
        await Assertions.Expect(other.Page.Locator("[aria-labelledby=recent-title] a")).ToHaveCountAsync(0);
        await using var arabic = await CaseStage.SignInAsync(filled.Host, "amina", "ar");
        await ConsoleHost.GoAsync(arabic.Page, "/");
        await arabic.PictureAsync("home-ar");
        await arabic.Page.SetViewportSizeAsync(360, 1400);
        await arabic.PictureAsync("home-ar-360");
        Assert.Empty(session.Faults);
    }

    [Fact]
    public async Task Shift_is_handed_over_on_one_desk_and_taken_over_on_the_home_page_of_another()
    {
        await using var session = await CaseStage.SignInAsync(filled.Host, "amina");
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/tickets/handover");
        await page.FillAsync("#handover-text", "The ministry **calls back** at eight.");
        await page.Locator("fieldset.checks input").First.CheckAsync();
        await session.PictureAsync("handover-write-en");
        await page.Locator("button.primary", new() { HasText = "Hand over" }).ClickAsync();
        await Assertions.Expect(page.Locator("article[data-handover]")).ToContainTextAsync("calls back");
        await Assertions.Expect(page.Locator("#handover-text")).ToHaveValueAsync("");

        await using var other = await CaseStage.SignInAsync(filled.Host, "lee");
        await ConsoleHost.GoAsync(other.Page, "/");
        await Assertions.Expect(other.Page.Locator("[aria-labelledby=work-title]")).ToContainTextAsync("Waits to be taken over");
        await other.Page.FillAsync("[data-handover] input", "Who calls whom?");
        await other.Page.Locator("[data-handover] button", new() { HasText = "Take over" }).ClickAsync();
        await Assertions.Expect(other.Page.Locator("[data-handover]")).ToContainTextAsync("taken over by");
        await other.PictureAsync("handover-home-en");

        await ConsoleHost.GoAsync(page, "/tickets/handover");
        await Assertions.Expect(page.Locator("article[data-handover]")).ToContainTextAsync("Who calls whom?");
        Assert.Empty(await Axe.BrokenAsync(page));
        await using var arabic = await CaseStage.SignInAsync(filled.Host, "amina", "ar");
        await ConsoleHost.GoAsync(arabic.Page, "/tickets/handover");
        await arabic.PictureAsync("handover-ar");
        Assert.Empty(session.Faults);
    }
}
