using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>A manager adds a type of the team's own; the next incident carries it by name, its file the code and the taxonomy's type, and once retired it is offered no more.</summary>
public sealed class IncidentTypeTests : TicketingStage
{
    [Theory]
    [InlineData("en", "Parcel notice")]
    [InlineData("ar", "إشعار طرد")]
    public async Task Type_of_the_teams_own_is_added_chosen_and_retired(string language, string name)
    {
        await using var manager = await CaseStage.SignInAsync(Host, "lee", language);
        await using var analyst = await CaseStage.SignInAsync(Host, "amina", language);
        var page = manager.Page;
        await manager.KeepingAsync(async () =>
        {
            await manager.GoAsync("/admin/incident-types");
            await Assertions.Expect(page.Locator("[data-keys=n]")).ToBeVisibleAsync(Soon);
            await page.Keyboard.PressAsync("n");
            await page.Locator("#type-below").SelectOptionAsync("fraud/phishing");
            await page.Locator("#type-code").FillAsync("Parcel notice");
            await page.Locator("#type-name-en").FillAsync("Parcel notice");
            await page.Locator("#type-name-ar").FillAsync("إشعار طرد");
            await page.Locator("dialog[open] button.primary").ClickAsync();
            await Assertions.Expect(page.Locator("#type-code[aria-invalid=true]")).ToBeVisibleAsync(Soon);
            await manager.PictureAsync($"incident-type-refused-{language}");
            Assert.Empty(await Axe.BrokenAsync(page));
            await page.Locator("#type-code").FillAsync("parcel-notice");
            await page.Locator("dialog[open] button.primary").ClickAsync();
            await Assertions.Expect(page.Locator("tr[data-key]")).ToContainTextAsync(name, new() { Timeout = 30_000 });
            await manager.PictureAsync($"incident-types-{language}");
            Assert.Empty(await Axe.BrokenAsync(page));
            await page.SetViewportSizeAsync(360, 800);
            Assert.Empty(await Looks.WrongAsync(page));
            await page.SetViewportSizeAsync(1280, 800);
        }, Host);
        await analyst.KeepingAsync(async () =>
        {
            await analyst.GoAsync("/tickets/new");
            await analyst.Page.Locator("#field-title").FillAsync("Parcels by text message");
            await analyst.Page.Locator("#field-rsittype").SelectOptionAsync("fraud/phishing/parcel-notice");
            await analyst.Page.Locator(".form-actions button.primary").ClickAsync();
            await analyst.Page.WaitForURLAsync("**/tickets/INC-*", new() { Timeout = 30_000 });
            await Assertions.Expect(analyst.Page.GetByText(name).First).ToBeVisibleAsync(Soon);
            await analyst.PictureAsync($"incident-own-type-{language}");
        }, Host);
        await manager.KeepingAsync(async () =>
        {
            await page.Locator("tr[data-key] .button.quiet").ClickAsync();
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        }, Host);
        await analyst.KeepingAsync(async () =>
        {
            await analyst.GoAsync("/tickets/new");
            await Assertions.Expect(analyst.Page.Locator("#field-rsittype option[value='fraud/phishing']")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await Assertions.Expect(analyst.Page.Locator("#field-rsittype option[value$='parcel-notice']")).ToHaveCountAsync(0);
        }, Host);
        var line = (await Amina.GetAsync("ticketing/incidents.json", Cancel))!.ToJsonString();
        Assert.Contains("\"type\":\"fraud/phishing\",\"localType\":\"fraud/phishing/parcel-notice\"", line.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(manager.Faults.Count == 0 && analyst.Faults.Count == 0, string.Join("\n", manager.Faults.Concat(analyst.Faults)));
    }
}
