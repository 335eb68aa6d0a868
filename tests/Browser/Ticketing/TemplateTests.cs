using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>A template from the page of an incident to the next incident, by key, in both directions.</summary>
public sealed class TemplateTests : IAsyncLifetime
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private HostProcess _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
    public async Task Incident_is_saved_as_a_template_without_its_traces_and_another_is_opened_from_it(string language)
    {
        var api = new DemoApi(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == "amina").Token);
        var source = (await api.PostAsync("ticketing/incidents", new { title = "Phishing", summary = "The page at evil.example asks for passwords", rsitType = "fraud/phishing", severity = 2, observables = new[] { new { type = "domain", value = "evil.example" } } }, Cancel))!;
        await api.PostAsync($"ticketing/incidents/{source["id"]}/tasks", new { title = "Call the bank" }, Cancel);
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{source["number"]}");
            await Assertions.Expect(page.Locator("[data-keys='Shift+t']")).ToBeVisibleAsync(s_soon);
            await page.Keyboard.PressAsync("Shift+T");
            var dialog = page.Locator("dialog[open]");
            await dialog.Locator("#template-name").FillAsync("Phishing of banks");
            await dialog.Locator("#template-title").FillAsync("Phishing, {date}");
            await dialog.Locator("button.primary").ClickAsync();
            await Assertions.Expect(dialog.Locator(".refusals")).ToContainTextAsync("evil.example", new() { Timeout = 30_000 });
            await session.PictureAsync($"template-refused-{language}");
            await dialog.Locator("#template-summary").FillAsync("A page asks for passwords");
            await dialog.Locator("button.primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });

            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("[data-keys='Shift+n']")).ToBeVisibleAsync(s_soon);
            await page.Keyboard.PressAsync("Shift+N");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await session.PictureAsync($"templates-{language}");
            await page.Locator("tr[data-key] a").First.ClickAsync();
            await page.WaitForURLAsync("**/tickets/new?template=*");
            await Assertions.Expect(page.Locator("#field-title")).ToHaveValueAsync("Phishing, {date}", new() { Timeout = 30_000 });
            await session.PictureAsync($"template-new-{language}");
            await page.Locator(".form-actions button.primary").ClickAsync();
            await page.WaitForURLAsync("**/tickets/INC-*", new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("li[id^=task-]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
        }, _host);
        Assert.Equal(1, await CaseStage.CountAsync(_host, "select count(*) from ticketing.incidents where title ~ '^Phishing, [0-9]{4}-' and rsit_type = 'fraud/phishing' and severity = 2 and summary = 'A page asks for passwords'"));
        Assert.Equal(1, await CaseStage.CountAsync(_host, "select count(*) from ticketing.observables"));
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }
}
