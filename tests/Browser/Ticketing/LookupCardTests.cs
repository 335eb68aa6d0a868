using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>An operator asks the registry about an address; the answer comes by itself, hostile text in it stays text, and what PAP forbids is not offered.</summary>
public sealed class LookupCardTests : IAsyncLifetime
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private HostProcess _host = null!;
    private WebApplication _registry = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DemoApi Api(string person) => new(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == person).Token);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _registry = builder.Build();
        _registry.Run(http => http.Response.WriteAsync(
            http.Request.Path == "/ipv4.json" ? $$"""{"services":[[["45.0.0.0/8"],["{{_registry.Urls.First()}}/"]]]}"""
            : http.Request.Path == "/dns.json" ? """{"services":[[["org"],["http://192.0.2.1/"]]]}"""
            : """{"name":"<img src=x onerror=alert(1)>","country":"NL","startAddress":"45.80.0.0","endAddress":"45.87.255.255","entities":[{"roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","abuse@hosting-one.net"]]]}]}""",
            Cancel));
        await _registry.StartAsync(Cancel);
        _host = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__http__allow__0"] = new Uri(_registry.Urls.First()).Authority,
            ["ticketing__lookups__rdapBootstrap"] = _registry.Urls.First() + "/",
        });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        var places = Directory.CreateDirectory(Path.Combine(_host.Data, "places")).FullName;
        foreach (var table in Directory.GetFiles(Checkout.At("tests", "Integration", "Ticketing", "places"), "*.mmdb"))
            File.Copy(table, Path.Combine(places, Path.GetFileName(table)));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Address_is_asked_about_and_the_answer_comes_by_itself(string language)
    {
        var incident = (await Api("amina").PostAsync("ticketing/incidents", new { title = "Beacon", observables = new[] { new { type = "ipv4", value = "45.84.1.2" }, new { type = "domain", value = "evil-shop.net" } } }, Cancel))!;
        var red = (await Api("amina").PostAsync("ticketing/incidents", new { title = "Quiet", pap = "PAP:RED", observables = new[] { new { type = "ipv4", value = "45.84.1.2" } } }, Cancel))!;
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{incident["number"]}");
            var card = page.Locator("[data-part=lookups]");
            // From the box's own tables, before anybody asked.
            await Assertions.Expect(card).ToContainTextAsync("AS64500", new() { Timeout = 30_000 });
            await card.GetByRole(AriaRole.Button).Last.ClickAsync();
            await Assertions.Expect(card).ToContainTextAsync("<img src=x onerror=alert(1)>", new() { Timeout = 20_000 });
            await Assertions.Expect(card.Locator("img")).ToHaveCountAsync(0);
            await session.PictureAsync($"ticket-lookups-{language}");

            await session.GoAsync($"/tickets/{red["number"]}");
            await Assertions.Expect(card).ToContainTextAsync("PAP:RED", new() { Timeout = 30_000 });
            await Assertions.Expect(card.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        });
    }
}
