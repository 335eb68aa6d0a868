using System.Text;
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

/// <summary>The operator's day: the owners of forty infected addresses are told, each step counted. A step is a click, a chord or a typed field.</summary>
public sealed class MailingTests : IAsyncLifetime
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly MailCatch _mail = new();
    private HostProcess _host = null!;
    private WebApplication _registry = null!;
    private int _steps;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DemoApi Api(string person) => new(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == person).Token);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _registry = builder.Build();
        _registry.Run(AnswerAsync);
        await _registry.StartAsync(Cancel);
        _host = await HostProcess.StartAsync(new Dictionary<string, string?>
        {
            ["kernel__plainLoopback"] = "true",
            ["kernel__mail__sendmail"] = _mail.Sendmail,
            ["kernel__http__allow__0"] = new Uri(_registry.Urls.First()).Authority,
            ["ticketing__lookups__rdapBootstrap"] = _registry.Urls.First() + "/",
        });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        var sheet = new StringBuilder("name,sector,networks,domains,contact_name,contact_mail,contact_purpose,language\n");
        for (var i = 1; i <= 30; i++)
            sheet.Append(System.Globalization.CultureInfo.InvariantCulture, $"Organisation {i:00},government,192.0.2.{i}/32,org{i:00}.example,Desk,soc@org{i:00}.example,security,{(i == 1 ? "ar" : "en")}\n");
        var preview = await Api("lee").PostAsync("directory/imports", new StringContent(sheet.ToString(), Encoding.UTF8, "text/csv"), Cancel);
        await Api("lee").PostAsync($"directory/imports/{preview!["id"]}/apply", new { }, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        await _registry.DisposeAsync();
        _mail.Dispose();
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Owners_of_forty_infected_addresses_are_told_in_six_steps(string language)
    {
        var incident = (await Api("amina").PostAsync("ticketing/incidents", new { title = "Botnet", tlp = "TLP:GREEN", rsitType = "malicious-code/infected-system" }, Cancel))!;
        var list = string.Join('\n', Enumerable.Range(1, 30).Select(i => $"192[.]0[.]2[.]{i},443,example-bot").Concat(Enumerable.Range(1, 8).Select(i => $"45.84.{i}.9,80,example-bot")).Append("45.84.99.9,22,example-bot").Append("203.0.113.5,25,example-bot"));
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{incident["number"]}");
            await Assertions.Expect(page.Locator("[data-keys='Shift+m']")).ToBeVisibleAsync(s_soon);
            await PressAsync(page, "Shift+M");
            await page.WaitForURLAsync("**/mailings/new");
            var area = page.Locator("textarea:not([readonly])");
            await Assertions.Expect(area).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"mailing-new-{language}");
            _steps++;
            await area.FillAsync(list);
            await ClickAsync(page.Locator(".form-actions button.primary"));
            await page.WaitForURLAsync(url => System.Text.RegularExpressions.Regex.IsMatch(url, "/mailings/[0-9a-f-]{36}$"), new() { Timeout = 30_000 });

            // Each address with its contact; the registry's answers come by themselves.
            await Assertions.Expect(page.Locator("[data-list=exceptions] tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 60_000 });
            await Assertions.Expect(page.Locator("[data-list=letters] tr[data-key]")).ToHaveCountAsync(38, new() { Timeout = 30_000 });
            // The first mail is there already; one more is read.
            await ClickAsync(page.Locator("[data-list=letters] tr[data-key] a").Filter(new() { HasText = "Organisation 01" }));
            var mail = page.Locator("[data-mail][lang=ar][dir=rtl]");
            await Assertions.Expect(mail).ToContainTextAsync("\u2066192[.]0[.]2[.]1\u2069", new() { Timeout = 30_000 });
            Assert.DoesNotContain("192[.]0[.]2[.]2", await mail.TextContentAsync(), StringComparison.Ordinal);
            await session.PictureAsync($"mailing-review-{language}");
            foreach (var width in Looks.Widths)
            {
                await page.SetViewportSizeAsync(width, 800);
                Assert.Empty(await Looks.WrongAsync(page));
                if (width == 360)
                    await session.PictureAsync($"mailing-review-360-{language}");
            }
            await page.SetViewportSizeAsync(1280, 800);
            Assert.Empty(await Axe.BrokenAsync(page));

            await PressAsync(page, "s");
            await ClickAsync(page.Locator("dialog[open] .primary"));
            await Assertions.Expect(page.Locator(".bulk-run[data-bulk=done]")).ToBeVisibleAsync(s_soon);
            await Assertions.Expect(page.Locator("[data-part=counts] dd", new() { HasTextString = "38" })).ToHaveCountAsync(3, new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("[data-part=preview] [data-mail]")).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"mailing-sent-{language}");
            Assert.Empty(await Axe.BrokenAsync(page));
        }, _host);
        Assert.True(_steps <= 6, $"{_steps} steps");
        TestContext.Current.SendDiagnosticMessage($"owners of 40 addresses ({language}): {_steps} steps");
        Assert.Equal(38, await CaseStage.CountAsync(_host, "select count(*) from kernel.mail_out"));
        Assert.Equal(38, await CaseStage.CountAsync(_host, "select count(distinct address) from kernel.mail_recipients"));
        Assert.Equal(2, await CaseStage.CountAsync(_host, "select count(*) from ticketing.mailing_items where letter_id is null and reason in ('unknown', 'private')"));
        Assert.Equal(40, await CaseStage.CountAsync(_host, "select count(*) from ticketing.mailing_items"));
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    private Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (path == "/ipv4.json")
            return http.Response.WriteAsync($$"""{"services":[[["45.0.0.0/8"],["{{_registry.Urls.First()}}/"]]]}""", Cancel);
        var parts = path.Split('/')[^1].Split('.');
        if (parts is not ["45", "84", var third, "9"] || third == "99")
        {
            http.Response.StatusCode = 404;
            return http.Response.WriteAsync("{}", Cancel);
        }
        return http.Response.WriteAsync($$"""{"name":"HOSTING-{{third}}","startAddress":"45.84.{{third}}.0","endAddress":"45.84.{{third}}.255","entities":[{"roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","abuse@hosting{{third}}.net"]]]}]}""", Cancel);
    }

    private Task PressAsync(IPage page, string key)
    {
        _steps++;
        return page.Keyboard.PressAsync(key);
    }

    private Task ClickAsync(ILocator at)
    {
        _steps++;
        return at.ClickAsync(new() { Timeout = 30_000 });
    }
}
