using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>The operator's day: a phishing mail becomes an incident. Its class and priority are suggested, its traces are looked over, and what is kept equals the answer key.</summary>
public sealed class PhishingMailTests : TicketingStage
{
    private static readonly byte[] s_file = Encoding.ASCII.GetBytes("PK\x03\x04 not really an invoice");

    private static readonly string s_hash = Convert.ToHexStringLower(SHA256.HashData(s_file));

    // What a person finds in the mail with pen and paper; the hosts of both addresses come with them.
    private static readonly string[] s_key =
    [
        "domain cdn.example.org", "domain login.example.net", "ipv4 198.51.100.23", $"sha256 {s_hash}", "url http://login.example.net/verify?id=7", "url https://cdn.example.org/form.php",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cirt-phish-");

    protected override Task PrepareAsync(Dictionary<string, string?> settings)
    {
        foreach (var part in new[] { "new", "cur", "tmp" })
            _folder.CreateSubdirectory(part);
        settings["kernel__mail__maildir"] = _folder.FullName;
        return Task.CompletedTask;
    }

    protected override ValueTask EndAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Phishing_mail_becomes_an_incident_in_four_steps_without_a_mouse_and_its_traces_equal_the_answer_key(string language)
    {
        await ReceiveAsync();
        await using var session = await CaseStage.SignInAsync(Host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets/reports");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await PressAsync(page, "j");
            await PressAsync(page, "Enter");
            await page.WaitForURLAsync("**/tickets/reports/*-*", new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("[data-keys=n]")).ToBeVisibleAsync(Soon);
            await PressAsync(page, "n");
            var dialog = page.Locator("dialog[open]");
            await Assertions.Expect(dialog.Locator("button.primary")).ToBeFocusedAsync(new() { Timeout = 30_000 });
            // Suggested from the mail's own words, and the four that a person looks over, all in sight.
            await Assertions.Expect(dialog.Locator("select").Nth(3)).ToHaveValueAsync("fraud/phishing");
            await Assertions.Expect(dialog.Locator("select").Nth(2)).ToHaveValueAsync("2");
            await Assertions.Expect(dialog.Locator("[data-trace]")).ToHaveCountAsync(4);
            await Assertions.Expect(dialog.Locator("[data-trace=sha256]")).ToContainTextAsync("invoice.zip");
            foreach (var chip in await dialog.Locator("[data-trace]").AllAsync())
                await Assertions.Expect(chip).ToBeInViewportAsync();
            await session.PictureAsync($"tickets-phishing-{language}");
            Assert.Empty(await Axe.BrokenAsync(page));
            await PressAsync(page, "Enter");
            await page.WaitForURLAsync(url => url.EndsWith("/tickets/reports", StringComparison.Ordinal), new() { Timeout = 30_000 });
        }, Host);
        Assert.True(Steps <= 4, $"{Steps} steps");
        TestContext.Current.SendDiagnosticMessage($"incident from a phishing mail ({language}): {Steps} steps");
        Assert.Equal(1, await CountAsync("incidents where rsit_type = 'fraud/phishing' and source = 'report' and impact is not null and urgency is not null"));
        Assert.Equal(s_key, await KeptAsync());
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Trace_that_is_struck_out_stays_with_the_report_and_its_host_with_it()
    {
        await ReceiveAsync();
        await using var session = await CaseStage.SignInAsync(Host, "amina");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets/reports");
            await page.Locator("tr[data-key] a").First.ClickAsync();
            await Assertions.Expect(page.Locator("[data-keys=n]")).ToBeVisibleAsync(Soon);
            await page.Keyboard.PressAsync("n");
            var chip = page.Locator("dialog[open] [data-trace=url]", new() { HasText = "cdn" });
            await chip.Locator("input").FocusAsync();
            await page.Keyboard.PressAsync("Space");
            await Assertions.Expect(chip.Locator("input")).Not.ToBeCheckedAsync();
            await Assertions.Expect(page.Locator("dialog[open] fieldset.traces legend")).ToContainTextAsync("3 of 4", new() { Timeout = 30_000 });
            await page.Locator("dialog[open] .form-actions button.primary").ClickAsync();
            await page.WaitForURLAsync(url => url.EndsWith("/tickets/reports", StringComparison.Ordinal), new() { Timeout = 30_000 });
        }, Host);
        Assert.Equal(s_key.Where(t => !t.Contains("cdn", StringComparison.Ordinal)), await KeptAsync());
    }

    private async Task<IEnumerable<string>> KeptAsync()
    {
        var number = (string)(await Amina.GetAsync("ticketing/incidents", Cancel))!["items"]![0]!["number"]!;
        var sheet = (await Amina.GetAsync($"ticketing/incidents/{number}", Cancel))!;
        return sheet["traces"]!.AsArray().Select(t => $"{t!["type"]} {t["value"]}").Order(StringComparer.Ordinal);
    }

    private async Task ReceiveAsync()
    {
        var mail =
            $"""
            From: Teller <teller@partner.example>
            To: cirt@cirt.example
            Subject: Fwd: Verify your account
            Message-ID: <phish@partner.example>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary=outer

            --outer
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=utf-8

            Dear customer, verify your account at hxxp://login[.]example.net/verify?id=7
            today. Somebody at 198.51.100[.]23 knows your password.
            --inner
            Content-Type: text/html; charset=utf-8

            <p>Dear customer, <a href="http://login.example.net/verify?id=7">verify your account</a> today.</p>
            <form action="https://cdn.example.org/form.php"><input name=pin></form><p>or at https://cdn.example.org/form.php</p>
            --inner--
            --outer
            Content-Type: image/png; name=logo.png
            Content-Transfer-Encoding: base64

            iVBORw0KGgo=
            --outer
            Content-Type: application/zip; name=invoice.zip
            Content-Disposition: attachment; filename=invoice.zip
            Content-Transfer-Encoding: base64

            {Convert.ToBase64String(s_file)}
            --outer--

            """;
        // As a mail server does: what stands in new is whole.
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "tmp", "1"), mail.ReplaceLineEndings("\r\n"), Cancel);
        File.Move(Path.Combine(_folder.FullName, "tmp", "1"), Path.Combine(_folder.FullName, "new", "1"));
        await Amina.AwaitAsync("ticketing/reports", answer => answer["items"] is JsonArray { Count: > 0 } items ? items : null, TimeSpan.FromSeconds(60), Cancel);
    }
}
