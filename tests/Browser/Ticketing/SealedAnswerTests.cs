using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>An encrypted TLP:AMBER mail is answered by key: opened, read, answered encrypted and signed; a step is a click, a chord or a typed field.</summary>
public sealed class SealedAnswerTests : IAsyncLifetime
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cirt-sealed-");
    private readonly MailCatch _program = new();
    private readonly ForeignGpg _ann = new();
    private HostProcess _host = null!;
    private string _own = "";
    private string _key = "";
    private int _steps;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Maildir => Path.Combine(_folder.FullName, "mail");

    public async ValueTask InitializeAsync()
    {
        foreach (var part in new[] { "mail/new", "mail/cur", "mail/tmp", "keys" })
            _folder.CreateSubdirectory(part);
        using (var team = new ForeignGpg())
        {
            _own = await team.MakeAsync("CIRT <cirt@cirt.example>");
            await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "keys", "own.asc"), await team.SecretAsync(_own));
            await _ann.ImportAsync(await team.PublicAsync(_own));
        }
        _key = await _ann.MakeAsync("Ann <ann@partner.example>");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "keys", "ann.asc"), await _ann.PublicAsync(_key));
        _host = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__mail__maildir"] = Maildir,
            ["kernel__mail__sendmail"] = _program.Sendmail,
            ["kernel__mail__from"] = "cirt@cirt.example",
            ["kernel__mail__keys"] = Path.Combine(_folder.FullName, "keys"),
            ["ticketing__recallSeconds"] = "0",
        });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _ann.Dispose();
        _program.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Encrypted_mail_is_answered_encrypted_in_four_steps_and_a_wrong_recipient_is_blocked(string language)
    {
        Assert.SkipWhen(ForeignGpg.Absence is not null, ForeignGpg.Absence ?? "");
        var number = await EncryptedIncidentAsync();
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await ClickAsync(page.Locator("tr[data-key] a", new() { HasText = number }));
            await Assertions.Expect(page.GetByText("the portal answers strangers").First).ToBeVisibleAsync(s_soon);
            await Assertions.Expect(page.GetByText("OpenPGP").First).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"sealed-in-{language}");
            await PressAsync(page, "r");
            await Assertions.Expect(page.Locator("#field-text")).Not.ToHaveValueAsync("", new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("[role=status] .tone-calm")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await session.PictureAsync($"sealed-composer-{language}");
            await ClickAsync(page.Locator(".form-actions button.primary"));
            await Assertions.Expect(page.Locator(".timeline .tone-calm", new() { HasText = "OpenPGP" })).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            Assert.True(_steps <= 4, $"{_steps} steps");
            TestContext.Current.SendDiagnosticMessage($"answer to encrypted mail ({language}): {_steps} steps");
            await session.PictureAsync($"sealed-out-{language}");

            // A stranger: told to have no key, and blocked by the marking until removed.
            await page.Keyboard.PressAsync("r");
            await page.Locator("#field-recipients").FillAsync("eve@elsewhere.example");
            await page.Locator("#field-recipients").PressAsync("Tab");
            await Assertions.Expect(page.Locator("[role=status] .notice.warn")).ToBeVisibleAsync(s_soon);
            await page.Locator(".form-actions button.primary").ClickAsync();
            await Assertions.Expect(page.Locator(".refusals").First).ToContainTextAsync("eve@elsewhere.example", new() { Timeout = 30_000 });
            await session.PictureAsync($"sealed-refused-{language}");
            Assert.Equal(1, await CaseStage.CountAsync(_host, "select count(*) from kernel.mail_out"));
            await page.Locator("#field-recipients").FillAsync("");
            await page.Locator("#field-recipients").PressAsync("Tab");
            await Assertions.Expect(page.Locator("[role=status] .notice.warn")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
            await page.Locator(".form-actions button.primary").ClickAsync();
            await Assertions.Expect(page.Locator(".form-actions button.primary")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        }, _host);
        Assert.Equal(2, await CaseStage.CountAsync(_host, "select count(*) from kernel.mail_out where signed = 'openpgp' and encrypted = 'openpgp'"));
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
        for (var tries = 0; _program.Messages.Count == 0 && tries < 100; tries++)
            await Task.Delay(200, Cancel);
        var message = _program.Messages[0].Message;
        Assert.Contains("Subject: [TLP:AMBER]", message, StringComparison.Ordinal);
        var (said, clear) = await _ann.RunAsync(MimeText.Body(MimeText.Parts(message)[1]), ["--batch", "--status-fd", "2", "--decrypt"]);
        Assert.Contains($"VALIDSIG {_own}", said, StringComparison.Ordinal);
        Assert.Contains("text/plain", clear, StringComparison.Ordinal);
    }

    private async Task<string> EncryptedIncidentAsync()
    {
        var armour = (await _ann.RunAsync("Content-Type: text/plain; charset=utf-8\r\n\r\nthe portal answers strangers\r\n", ["--batch", "--armor", "--encrypt", "--sign", "-u", _key, "-r", _own])).Output;
        await File.WriteAllTextAsync(Path.Combine(Maildir, "new", "1"), $"From: Ann <ann@partner.example>\r\nSubject: [TLP:AMBER] portal\r\nMessage-ID: <s6@partner.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n{armour}\r\n--b--\r\n", Cancel);
        var api = new DemoApi(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == "amina").Token);
        var report = (await api.AwaitAsync("ticketing/reports", page => page?["items"] is System.Text.Json.Nodes.JsonArray { Count: > 0 } items ? items[0] : null, TimeSpan.FromSeconds(60), Cancel))!;
        var opened = (await api.PostAsync("ticketing/incidents", new { title = "portal", tlp = "TLP:AMBER" }, Cancel))!;
        await api.PostAsync($"ticketing/reports/{report["id"]}/attach", new { number = (string)opened["number"]! }, Cancel);
        return (string)opened["number"]!;
    }

    private async Task PressAsync(IPage page, string key)
    {
        _steps++;
        await page.Keyboard.PressAsync(key);
    }

    private async Task ClickAsync(ILocator what)
    {
        _steps++;
        await what.ClickAsync();
    }
}
