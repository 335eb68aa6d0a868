using System.Text.Json;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>An incident on paper: the page that is printed and the PDF say the same, in six languages, and what stays with the team is in neither for readers outside.</summary>
public sealed class PrintTests : IAsyncLifetime
{
    private const string Hostile = "Portal <img src=x onerror=ran(1)> \u202Etxt.exe";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private HostProcess _host = null!;
    private DemoApi _api = null!;
    private string _number = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        _api = new DemoApi(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == "amina").Token);
        var incident = (await _api.PostAsync("ticketing/incidents", new { title = Hostile, summary = "The page at http://evil.example/login asks for passwords", rsitType = "fraud/phishing", severity = 2, tlp = "TLP:AMBER", observables = new[] { new { type = "domain", value = "evil.example" } } }, Cancel))!;
        _number = (string)incident["number"]!;
        await _api.PostAsync($"ticketing/incidents/{incident["id"]}/notes", new { text = "Only the team knows of the informer" }, Cancel);
        await _api.PostAsync($"ticketing/incidents/{incident["id"]}/tasks", new { title = "Call the bank" }, Cancel);
        await _api.PostAsync($"ticketing/incidents/{incident["id"]}/state", new { from = "new", to = "in-progress" }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Pdf_speaks_six_languages_and_leaves_out_what_stays_with_the_team()
    {
        foreach (var language in new[] { "en", "fr", "es", "ar", "zh", "ru" })
        {
            var words = JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(Checkout.At($"modules/Ticketing/Pages/Text/{language}.json"), Cancel))!;
            var text = await PdfAsync($"report.pdf?language={language}");
            Assert.Contains("TLP:AMBER", text, StringComparison.Ordinal);
            Assert.Contains(_number, text, StringComparison.Ordinal);
            Assert.Contains("hxxp://evil[.]example/login", text, StringComparison.Ordinal);
            Assert.Contains("[202E]", text, StringComparison.Ordinal);
            Assert.Contains("Only the team knows", text, StringComparison.Ordinal);
            Assert.Contains("Call the bank", text, StringComparison.Ordinal);
            Assert.Contains("Amina", text, StringComparison.Ordinal);
            if (language != "ar")
                Assert.Contains(words["ticketing.timeline.title"], text, StringComparison.Ordinal);

            var outside = await PdfAsync($"report.pdf?language={language}&audience=outside");
            Assert.Contains("evil[.]example", outside, StringComparison.Ordinal);
            Assert.DoesNotContain("the team knows", outside, StringComparison.Ordinal);
            Assert.DoesNotContain("Call the bank", outside, StringComparison.Ordinal);
            Assert.DoesNotContain("Amina", outside, StringComparison.Ordinal);
        }
        Assert.Equal(12, await CaseStage.CountAsync(_host, "select count(*) from audit.entries where action = 'ticketing.incident.printed'"));
    }

    [Fact]
    public async Task Paper_wears_the_label_of_the_strictest_file_that_it_names()
    {
        var id = (await _api.GetAsync($"ticketing/incidents/{_number}", Cancel))!["id"];
        using var file = new ByteArrayContent([1, 2, 3]);
        await _api.PostAsync($"ticketing/incidents/{id}/evidence?name=memory.bin&tlp=TLP:AMBER%2BSTRICT", file, Cancel);
        var team = await PdfAsync("report.pdf");
        Assert.Contains("memory.bin", team, StringComparison.Ordinal);
        Assert.Contains("TLP:AMBER+STRICT", team, StringComparison.Ordinal);
        var outside = await PdfAsync("report.pdf?audience=outside");
        Assert.DoesNotContain("memory.bin", outside, StringComparison.Ordinal);
        Assert.DoesNotContain("STRICT", outside, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_wishes_are_refused_by_name_and_hidden_incidents_do_not_exist()
    {
        Assert.Equal(400, await StatusAsync($"ticketing/incidents/{_number}/report.pdf?language=xx", "amina"));
        Assert.Equal(400, await StatusAsync($"ticketing/incidents/{_number}/report.pdf?audience=press", "amina"));
        Assert.Equal(404, await StatusAsync("ticketing/incidents/INC-1999-000001/report.pdf", "amina"));
        var red = (await _api.PostAsync("ticketing/incidents", new { title = "Secret", summary = "", severity = 2, tlp = "TLP:RED" }, Cancel))!;
        Assert.Equal(200, await StatusAsync($"ticketing/incidents/{red["number"]}/report.pdf", "amina"));
        Assert.Equal(404, await StatusAsync($"ticketing/incidents/{red["number"]}/report.pdf", "lee"));

        // An edit that says nothing of who may read it leaves it to those who might.
        await _api.PutAsync($"ticketing/incidents/{red["id"]}", new { title = "Still secret", version = 1, tlp = "TLP:RED" }, Cancel);
        Assert.Equal(200, await StatusAsync($"ticketing/incidents/{red["number"]}/report.pdf", "amina"));
        Assert.Equal(404, await StatusAsync($"ticketing/incidents/{red["number"]}/report.pdf", "lee"));
        var drill = (await _api.PostAsync("ticketing/incidents", new { title = "Drill", exercise = true }, Cancel))!;
        await _api.PutAsync($"ticketing/incidents/{drill["id"]}", new { title = "Drill of the year", version = 1 }, Cancel);
        Assert.Equal(1, await CaseStage.CountAsync(_host, "select count(*) from ticketing.incidents where title = 'Drill of the year' and exercise"));
        var unknown = await Assert.ThrowsAsync<InvalidOperationException>(() => _api.PostAsync("ticketing/incidents", new { title = "x", tlp = "TLP:PURPLE" }, Cancel));
        Assert.Contains("red-unnamed", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Page_is_opened_by_key_printed_in_another_language_and_saved(string language)
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{_number}");
            await Assertions.Expect(page.Locator("[data-keys='Shift+p']")).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await page.Keyboard.PressAsync("Shift+P");
            await page.WaitForURLAsync($"**/tickets/{_number}/print");
            await Assertions.Expect(page.Locator(".print-sheet")).ToHaveAttributeAsync("dir", language == "ar" ? "rtl" : "ltr");
            Assert.Empty(await Axe.BrokenAsync(page));
            foreach (var width in Looks.Widths)
            {
                await page.SetViewportSizeAsync(width, 900);
                Assert.Empty(await Looks.WrongAsync(page));
            }
            await page.SetViewportSizeAsync(1280, 900);
            await session.PictureAsync($"print-{language}");
            await page.Locator("select[name=language]").SelectOptionAsync("fr");
            await page.Locator("select[name=for]").SelectOptionAsync("outside");
            await page.Locator("form button[type=submit]").ClickAsync();
            await page.WaitForURLAsync("**/print?language=fr&for=outside");
            await Assertions.Expect(page.Locator(".print-sheet")).ToHaveAttributeAsync("lang", "fr");
            await Assertions.Expect(page.Locator(".print-sheet")).Not.ToContainTextAsync("the team knows");
            var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("a[download]").ClickAsync());
            Assert.Equal($"{_number}-fr.pdf", download.SuggestedFilename);
            Assert.DoesNotContain("the team knows", await Pdf.TextAsync(await download.PathAsync()), StringComparison.Ordinal);
            await page.EmulateMediaAsync(new() { Media = Media.Print });
            await Assertions.Expect(page.Locator("form")).ToBeHiddenAsync();
        }, _host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    private async Task<string> PdfAsync(string address)
    {
        using var request = Request($"ticketing/incidents/{_number}/{address}", "amina");
        using var answer = await _http.SendAsync(request, Cancel);
        Assert.Equal("application/pdf", answer.Content.Headers.ContentType?.MediaType);
        var file = Path.Combine(_host.Data, "read.pdf");
        await File.WriteAllBytesAsync(file, await answer.Content.ReadAsByteArrayAsync(Cancel), Cancel);
        return await Pdf.TextAsync(file);
    }

    private async Task<int> StatusAsync(string address, string person)
    {
        using var request = Request(address, person);
        using var answer = await _http.SendAsync(request, Cancel);
        return (int)answer.StatusCode;
    }

    private HttpRequestMessage Request(string address, string person)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host.Http, $"/api/v1/{address}"));
        request.Headers.Authorization = new("Bearer", DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == person).Token);
        return request;
    }
}
