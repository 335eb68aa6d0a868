using Microsoft.Playwright;
using Npgsql;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>What others did stands in the bell and on its page, and leaves once its page is opened.</summary>
[Collection("console")]
public sealed class NoticesTests(ConsoleHost console)
{
    [Fact]
    public async Task Notice_leads_from_the_bell_to_its_page_and_is_read_there()
    {
        await TellAsync("/admin/jobs", "INC-2026-0001");
        await TellAsync("/admin/users", "INC-2026-0002");
        await using var browser = await console.OpenAsync("/");
        var page = browser.Page;
        await page.ClickAsync(".bell > summary");
        await Assertions.Expect(page.Locator(".bell .told li")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".bell .told")).ToContainTextAsync("Omar added a note to INC-2026-0001.");
        Assert.Empty(await Axe.BrokenAsync(page));
        await browser.PictureAsync("bell-en");
        await using (var arabic = await console.OpenAsync("/help", "ar"))
        {
            await arabic.Page.ClickAsync(".bell > summary");
            Assert.Empty(await Axe.BrokenAsync(arabic.Page));
            await arabic.PictureAsync("bell-ar");
            await ConsoleHost.GoAsync(arabic.Page, "/notices");
            await arabic.PictureAsync("notices-ar");
            await ConsoleHost.GoAsync(arabic.Page, "/admin/settings");
            await arabic.PictureAsync("settings-ar");
        }

        await page.ClickAsync(".bell .told a[href='/admin/jobs']");
        await page.WaitForURLAsync("**/admin/jobs");
        await Assertions.Expect(page.Locator(".bell .told li")).ToHaveCountAsync(1);

        await ConsoleHost.GoAsync(page, "/notices");
        await Assertions.Expect(page.Locator("main tbody tr")).ToHaveCountAsync(1);
        await ConsoleHost.GoAsync(page, "/notices?view=all");
        await browser.PictureAsync("notices-en");
        await Assertions.Expect(page.Locator("main tbody tr")).ToHaveCountAsync(2);
        await page.Locator("main button", new() { HasText = "Mark all as read" }).ClickAsync();
        await Assertions.Expect(page.Locator(".toast")).ToContainTextAsync("1 marked as read.");
        await ConsoleHost.GoAsync(page, "/notices");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("Nothing to read.");
        Assert.Empty(browser.Faults);
    }

    private async Task TellAsync(string link, string number)
    {
        await using var database = NpgsqlDataSource.Create(console.Host.Database);
        await using var command = database.CreateCommand("insert into kernel.notices (id, user_id, at, key, arguments, about, link, by_name) select gen_random_uuid(), id, now(), 'ticketing.notice.noted', array[$1], 'incident/' || $1, $2, 'Omar' from identity.users where name = 'amina'");
        command.Parameters.AddWithValue(number);
        command.Parameters.AddWithValue(link);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
