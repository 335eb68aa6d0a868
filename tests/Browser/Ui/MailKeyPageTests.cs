using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The page of mail keys: an own key made, others' put in by paste and file, hostile names shown as text, a wrong passphrase told, and removal with its consequence.</summary>
public sealed class MailKeyPageTests(ConsoleHost console) : IClassFixture<ConsoleHost>
{
    private static readonly LocatorAssertionsToHaveCountOptions s_soon = new() { Timeout = 30_000 };

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Keys_are_made_put_in_found_and_removed(string language)
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        using var gpg = new ForeignGpg();
        var ann = await gpg.MakeAsync($"Ann {language} <ann-{language}@partner.example>", "20d");
        var eve = await gpg.MakeAsync($"<img src=x onerror=ran(1)>\u202egpj\" <eve-{language}@partner.example>", more: "--allow-freeform-uid");
        var own = await gpg.MakeAsync($"Old {language} <old-{language}@cirt.example>", passphrase: "sesame");
        await using var browser = await console.OpenAsync("/admin/mail-keys", language);
        var page = browser.Page;
        await browser.KeepingAsync(async () =>
        {
            var rows = page.Locator("tr[data-key]");
            await Assertions.Expect(page.Locator(".state-loading")).ToHaveCountAsync(0, s_soon);
            var before = await rows.CountAsync();
            await browser.PictureAsync($"mail-keys-empty-{language}");
            await page.Keyboard.PressAsync("o");
            await browser.PictureAsync($"mail-keys-make-{language}");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(rows).ToHaveCountAsync(before + 1, s_soon);

            await page.Keyboard.PressAsync("i");
            await page.FillAsync("#key-content", await gpg.PublicAsync(ann) + await gpg.PublicAsync(eve));
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open] section.card")).ToHaveCountAsync(2, s_soon);
            await Assertions.Expect(page.Locator("dialog[open]")).ToContainTextAsync(string.Join(' ', ann[..20].Chunk(4).Select(c => new string(c))));
            await browser.PictureAsync($"mail-keys-compare-{language}");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0, s_soon);
            await Assertions.Expect(rows).ToHaveCountAsync(before + 3, s_soon);
            Assert.Equal(0, await page.Locator("main img[src=x]").CountAsync());

            // A secret key from a file: not without its passphrase, not by a wrong one.
            await page.Keyboard.PressAsync("i");
            await page.Locator("dialog[open] input[type=file]").SetInputFilesAsync(new FilePayload { Name = "old.asc", MimeType = "application/pgp-keys", Buffer = System.Text.Encoding.ASCII.GetBytes(await gpg.SecretAsync(own, "sesame")) });
            await Assertions.Expect(page.Locator("dialog[open] p[role=status]")).ToContainTextAsync("old.asc", new() { Timeout = 30_000 });
            await page.FillAsync("#key-passphrase", "wrong");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open] .field-wrong")).ToHaveCountAsync(1, s_soon);
            await browser.PictureAsync($"mail-keys-passphrase-{language}");
            await page.FillAsync("#key-passphrase", "sesame");
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open] section.card")).ToHaveCountAsync(1, s_soon);
            await page.Locator("dialog[open] footer .primary").ClickAsync();
            await Assertions.Expect(rows).ToHaveCountAsync(before + 4, s_soon);
            await page.Locator("tr[data-key] details summary").First.ClickAsync();
            await browser.PictureAsync($"mail-keys-{language}");
            Assert.DoesNotContain("sesame", await page.ContentAsync(), StringComparison.Ordinal);
            Assert.Empty(await Axe.BrokenAsync(page));
            foreach (var width in Looks.Widths)
            {
                await page.SetViewportSizeAsync(width, 800);
                Assert.True(await Looks.WrongAsync(page) is { Length: 0 }, $"{width}: {string.Join('\n', await Looks.WrongAsync(page))}");
            }
            await page.SetViewportSizeAsync(1280, 800);

            await ConsoleHost.GoAsync(page, $"/admin/mail-keys?q=ann-{language}@");
            await Assertions.Expect(rows).ToHaveCountAsync(1, s_soon);
            await rows.Locator("button.danger").ClickAsync();
            await browser.PictureAsync($"mail-keys-remove-{language}");
            await page.Locator("dialog[open] .danger").ClickAsync();
            await Assertions.Expect(rows).ToHaveCountAsync(0, s_soon);
            Assert.Empty(browser.Faults);
        }, console.Host);
    }
}
