using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>An administrator makes the recovery key, writes a backup, reads it through with the key and takes it along, without a shell.</summary>
[Collection("console")]
public sealed class BackupPageTests(ConsoleHost console)
{
    [Fact]
    public async Task Backup_is_made_checked_and_downloaded_from_the_page()
    {
        await using var browser = await console.OpenAsync("/admin/backup");
        var page = browser.Page;
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("There is no recovery key yet");
        await browser.PictureAsync("backup-empty-en");
        await Button(page, "Make the recovery key").First.ClickAsync();
        await Button(page, "Make the recovery key").Last.ClickAsync();
        var secret = (await page.Locator("#recovery-secret").InnerTextAsync()).Trim();
        Assert.StartsWith("AGE-SECRET-KEY-1", secret, StringComparison.Ordinal);
        await browser.PictureAsync("backup-key-en");
        await Button(page, "I have it on paper").ClickAsync();
        await Assertions.Expect(page.Locator("#recovery-secret")).ToHaveCountAsync(0);

        await Button(page, "Back up now").ClickAsync();
        await Assertions.Expect(page.Locator("main tbody tr")).ToHaveCountAsync(1, new() { Timeout = 60_000 });
        await CheckAsync(page, "nonsense");
        await Assertions.Expect(page.Locator("dialog[open]")).ToContainTextAsync("That is not a recovery key");
        await page.FillAsync("#backup-key", secret);
        await Button(page, "Check").Last.ClickAsync();
        await Assertions.Expect(page.Locator("main tbody tr")).ToContainTextAsync("whole", new() { Timeout = 60_000 });
        Assert.Empty(await Axe.BrokenAsync(page));
        await browser.PictureAsync("backup-en");
        // Neither the page nor the machine has the key any more.
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(console.Host.Data, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length < 1_000_000), f => File.ReadAllText(f).Contains(secret, StringComparison.Ordinal));

        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("main tbody a[download]").ClickAsync());
        var file = Path.Combine(Path.GetTempPath(), $"cirt-{Guid.NewGuid():N}");
        await download.SaveAsAsync(file);
        Assert.StartsWith("age-encryption.org/v1", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        File.Delete(file);
        Assert.Empty(browser.Faults);

        await using var arabic = await console.OpenAsync("/admin/backup", "ar");
        await arabic.PictureAsync("backup-ar");
    }

    private static async Task CheckAsync(IPage page, string key)
    {
        await page.Locator("main tbody button").ClickAsync();
        await page.FillAsync("#backup-key", key);
        await Button(page, "Check").Last.ClickAsync();
    }

    private static ILocator Button(IPage page, string text) => page.Locator("button", new() { HasText = text });
}
