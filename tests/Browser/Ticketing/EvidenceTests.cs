using System.Security.Cryptography;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>A file that looks alive is dropped on an incident, kept, and taken out again: packed, verified, each act a line. Steps are counted.</summary>
public sealed class EvidenceTests : IAsyncLifetime
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private HostProcess _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DemoApi Api(string person) => new(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == person).Token);

    public async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task File_is_kept_and_taken_out_packed_in_two_steps_and_its_custody_says_so(string language)
    {
        var incident = (await Api("amina").PostAsync("ticketing/incidents", new { title = "Implant on the portal" }, Cancel))!;
        byte[] live = [.. "MZ"u8, .. RandomNumberGenerator.GetBytes(150_000)];
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{incident["number"]}");
            var card = page.Locator("#evidence");
            await card.Locator(".drop[data-ready]").WaitForAsync(new() { Timeout = 30_000 });
            // One: dropped.
            await card.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "invoice\u202Efdp.exe", MimeType = "application/pdf", Buffer = live });
            var link = card.Locator("a[href$='/download']");
            await Assertions.Expect(link).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await Assertions.Expect(card).ToContainTextAsync("invoicefdp.exe");
            await Assertions.Expect(card).ToContainTextAsync("application/vnd.microsoft.portable-executable");
            await Assertions.Expect(card.Locator("[data-drop-files]")).ToContainTextAsync("invoicefdp.exe");
            // Two: taken out.
            var download = await page.RunAndWaitForDownloadAsync(() => link.ClickAsync(), new() { Timeout = 60_000 });
            Assert.Equal($"{incident["number"]}-E1-{Convert.ToHexStringLower(SHA256.HashData(live))[..12]}.zip", download.SuggestedFilename);
            var bytes = await File.ReadAllBytesAsync((await download.PathAsync())!, Cancel);
            Assert.True(bytes.AsSpan().StartsWith("PK\x03\x04"u8) && bytes[8] == 99 && bytes.AsSpan().IndexOf(live.AsSpan(0, 100)) < 0);
            // What happened stands in its custody.
            await card.Locator("button.quiet").First.ClickAsync();
            await Assertions.Expect(card.Locator("ol li")).ToHaveCountAsync(4, new() { Timeout = 30_000 });
            await session.PictureAsync($"tickets-evidence-{language}");
            await card.ScrollIntoViewIfNeededAsync();
            await session.PictureAsync($"tickets-evidence-card-{language}");
            Assert.Empty(await Axe.BrokenAsync(page));
        }, _host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Message_leaves_with_a_file_and_with_packed_evidence_and_the_timeline_names_both(string language)
    {
        var incident = (await Api("amina").PostAsync("ticketing/incidents", new { title = "Implant on the portal", tlp = "TLP:GREEN" }, Cancel))!;
        await Api("amina").PostAsync($"ticketing/incidents/{incident["id"]}/evidence?name=evil.exe", new ByteArrayContent([.. "MZ"u8, .. RandomNumberGenerator.GetBytes(5000)]), Cancel);
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{incident["number"]}");
            await page.ClickAsync("[data-keys='m']");
            var files = page.Locator("fieldset:has(.drop)");
            await files.Locator(".drop[data-ready]").WaitForAsync(new() { Timeout = 30_000 });
            await files.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "indicators.csv", MimeType = "text/csv", Buffer = "a,b"u8.ToArray() });
            await Assertions.Expect(files.Locator(".badge.tlp")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await files.Locator("input[type=checkbox]").CheckAsync();
            await page.Locator("fieldset input[maxlength='1000']").FillAsync("soc@partner.example");
            await page.Locator("fieldset input[maxlength='1000']").BlurAsync();
            await session.PictureAsync($"tickets-mail-files-{language}");
            // What the bar above hides of a field counts as too small to hit.
            await page.EvaluateAsync("scrollTo(0, 0)");
            Assert.Empty(await Axe.BrokenAsync(page));
            await page.ClickAsync(".form:has(.drop) .form-actions button.primary");
            var told = page.Locator(".timeline").Filter(new() { HasText = "indicators.csv" });
            await Assertions.Expect(told).ToContainTextAsync($"{incident["number"]}-E1-", new() { Timeout = 30_000 });
            await session.PictureAsync($"tickets-mail-files-sent-{language}");
        }, _host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }
}
