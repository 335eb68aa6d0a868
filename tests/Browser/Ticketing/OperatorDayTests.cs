using System.Text.Json.Nodes;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>The operator's day: what a person does with reports and incidents, by key, each step counted.</summary>
public sealed class OperatorDayTests : TicketingStage
{
    /// <summary>Twenty new reports: twelve noise, five about an incident that is open, three real.</summary>
    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Twenty_reports_are_triaged_without_a_mouse_in_thirty_steps(string language)
    {
        var known = await Amina.PostAsync("ticketing/incidents", new { title = "Phishing against the ministry", observables = new[] { Trace("url", "https://evil.example/login") } }, Cancel);
        for (var i = 0; i < 20; i++)
            await ReportAsync(Kind(i) switch { "noise" => $"Win a prize {i}", "known" => $"Strange page {i}", _ => $"Phishing site of bank {i}" }, Kind(i) == "known" ? [Trace("url", "https://evil.example/login")] : []);
        await using var session = await CaseStage.SignInAsync(Host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets/reports");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(20, new() { Timeout = 30_000 });
            await session.PictureAsync($"tickets-reports-{language}");
            await PressAsync(page, "j");
            await PressAsync(page, "Enter");
            var title = "";
            for (var left = 20; left > 0; left--)
            {
                await page.WaitForURLAsync(url => url.Contains("/tickets/reports/", StringComparison.Ordinal));
                await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 30_000 });
                await Assertions.Expect(page.Locator("[data-keys=n]")).ToBeVisibleAsync(Soon);
                // The address changes before the page does: who presses a key has seen the next report.
                await Assertions.Expect(page.Locator("h1")).Not.ToHaveTextAsync(title, new() { Timeout = 30_000 });
                title = await page.Locator("h1").InnerTextAsync();
                var before = page.Url;
                if (title.StartsWith("Win", StringComparison.Ordinal))
                    await PressAsync(page, "e");
                else if (title.StartsWith("Strange", StringComparison.Ordinal))
                    await PressAsync(page, "m");
                else
                {
                    await PressAsync(page, "n");
                    await Assertions.Expect(page.Locator("dialog[open] button.primary")).ToBeFocusedAsync(new() { Timeout = 30_000 });
                    await session.PictureAsync($"tickets-promote-{language}");
                    await PressAsync(page, "Enter");
                }
                await page.WaitForURLAsync(url => url != before, new() { Timeout = 30_000 });
            }
        }, Host);
        Assert.Equal((12L, 5L, 3L), (await CountAsync("reports where state = 'rejected' and reason <> ''"), await CountAsync("reports r join ticketing.incidents i on i.id = r.incident_id where i.title = 'Phishing against the ministry'"), await CountAsync("incidents where rsit_type = 'fraud/phishing' and source = 'report'")));
        Assert.True(Steps <= 30, $"{Steps} steps");
        TestContext.Current.SendDiagnosticMessage($"triage of 20 reports ({language}): {Steps} steps");
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
        Assert.NotNull(known);
    }

    [Fact]
    public async Task Six_reports_are_attached_and_their_reporters_thanked_in_six_steps()
    {
        await Amina.PostAsync("ticketing/incidents", new { title = "Phishing against the ministry", observables = new[] { Trace("url", "https://evil.example/login") } }, Cancel);
        for (var i = 0; i < 6; i++)
            await ReportAsync($"Strange page {i}", [Trace("url", "https://evil.example/login")], $"r{i}@partner.example");
        await using var session = await CaseStage.SignInAsync(Host, "amina");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets/reports");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(6, new() { Timeout = 30_000 });
            await PressAsync(page, "*");
            await page.Keyboard.PressAsync("a");
            await Assertions.Expect(page.Locator(".bulk")).ToBeVisibleAsync(Soon);
            await PressAsync(page, "m");
            var dialog = page.Locator("dialog[open]");
            await Assertions.Expect(dialog.Locator("input[type=radio]")).ToBeCheckedAsync(new() { Timeout = 30_000 });
            await session.PictureAsync("tickets-attach-en");
            await ClickAsync(dialog.Locator("input[type=checkbox]"));
            await ClickAsync(dialog.Locator("button.primary"));
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        }, Host);
        Assert.Equal(6, await CountAsync("reports where state = 'attached'"));
        Assert.Equal(6, await CountAsync("timeline where kind = 'mail-out'"));
        Assert.True(Steps <= 6, $"{Steps} steps");
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Two_at_one_incident_see_each_other_and_who_is_writing()
    {
        var incident = (await Amina.PostAsync("ticketing/incidents", new { title = "Portal of the ministry" }, Cancel))!;
        await using var amina = await CaseStage.SignInAsync(Host, "amina");
        await using var lee = await CaseStage.SignInAsync(Host, "lee");
        await amina.GoAsync($"/tickets/{incident["number"]}");
        await Assertions.Expect(amina.Page.Locator(".also-here .badge")).ToHaveCountAsync(0);
        await lee.GoAsync($"/tickets/{incident["number"]}");
        await Assertions.Expect(amina.Page.Locator(".also-here")).ToContainTextAsync("is here too", new() { Timeout = 30_000 });
        await Assertions.Expect(lee.Page.Locator(".also-here .badge")).ToHaveCountAsync(1, new() { Timeout = 30_000 });

        await amina.Page.ClickAsync("[data-keys='n']");
        await amina.Page.Locator("textarea").First.PressSequentiallyAsync("calling the ministry");
        await Assertions.Expect(lee.Page.Locator(".also-here")).ToContainTextAsync("is writing", new() { Timeout = 30_000 });
        await lee.PictureAsync("tickets-also-here-en");
        await lee.Page.CloseAsync();
        await Assertions.Expect(amina.Page.Locator(".also-here .badge")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task Two_incidents_are_merged_by_key_and_given_back_by_the_history()
    {
        var one = await Amina.PostAsync("ticketing/incidents", new { title = "Portal of the ministry", observables = new[] { Trace("domain", "a.example") } }, Cancel);
        await Amina.PostAsync("ticketing/incidents", new { title = "Portal again", observables = new[] { Trace("domain", "b.example") } }, Cancel);
        await using var session = await CaseStage.SignInAsync(Host, "amina");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await PressAsync(page, "*");
            await page.Keyboard.PressAsync("a");
            await Assertions.Expect(page.Locator(".bulk")).ToBeVisibleAsync(Soon);
            await PressAsync(page, "m");
            await Assertions.Expect(page.Locator("dialog[open] button.primary")).ToBeFocusedAsync(new() { Timeout = 30_000 });
            await session.PictureAsync("tickets-merge-en");
            await PressAsync(page, "Enter");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            Assert.True(Steps <= 3, $"{Steps} steps");

            await session.GoAsync($"/tickets/{one!["number"]}");
            await Assertions.Expect(page.GetByText("b.example").First).ToBeVisibleAsync(Soon);
            await session.PictureAsync("tickets-merged-en");
            await session.GoAsync("/tickets/acts");
            await session.PictureAsync("tickets-acts-en");
            await Assertions.Expect(page.Locator("[data-keys=u]")).ToBeVisibleAsync(Soon);
            await PressAsync(page, "u");
            // Whoever leaves before the answer stops the act: the page says when it is done.
            await Assertions.Expect(page.GetByText("Taken back by").First).ToBeVisibleAsync(Soon);
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        }, Host);
        Assert.True(Steps <= 4, $"{Steps} steps");
        Assert.Equal(0, await CountAsync("incidents where merged_into is not null"));
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Address_read_out_on_the_telephone_is_found_in_two_steps()
    {
        var open = await Amina.PostAsync("ticketing/incidents", new { title = "Scan of the portal", observables = new[] { Trace("ipv4", "198.51.100.7") } }, Cancel);
        await ReportAsync("Noise from outside", [Trace("ipv4", "198.51.100.7")]);
        await using var session = await CaseStage.SignInAsync(Host, "amina");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/");
            await PressAsync(page, "/");
            await page.Keyboard.TypeAsync("198.51.100.7");
            await PressAsync(page, "Enter");
            await Assertions.Expect(page.GetByText($"{open!["number"]}").First).ToBeVisibleAsync(Soon);
            await Assertions.Expect(page.GetByText("Noise from outside").First).ToBeVisibleAsync(Soon);
        }, Host);
        Assert.True(Steps <= 2, $"{Steps} steps");
    }

    private static string Kind(int index) => (index % 20) switch { < 12 => "noise", < 17 => "known", _ => "real" };

    private Task<JsonNode?> ReportAsync(string subject, object[] observables, string sender = "") =>
        Amina.PostAsync("ticketing/reports", new { subject, text = subject, sender, observables }, Cancel);
}
