using System.Text;
using System.Text.RegularExpressions;
using Appliance.Tests.Browser.Ui;
using Microsoft.Playwright;

namespace Appliance.Tests.Setup;

/// <summary>The set-up of a fresh host, clicked through from the one-time link to the end, with the mistakes people make.</summary>
public sealed class SetupWizardTests
{
    private const string Password = "quiet river lantern 9";
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 60_000 };

    [Fact]
    public async Task The_set_up_is_clicked_through_from_the_link_to_the_end()
    {
        await using var fresh = await FreshHost.StartAsync();
        await using var session = await BrowserSession.OpenAsync(fresh.Host.Https);
        await session.KeepingAsync(() => ClickThroughAsync(session, fresh), fresh.Host);
        Assert.True(session.Faults.Count == 0, string.Join('\n', session.Faults) + "\n" + fresh.Host.Process.Output);
    }

    private static async Task ClickThroughAsync(BrowserSession session, FreshHost fresh)
    {
        var page = session.Page;

        await LanguageAsync(session, fresh.Link);
        await AdministratorAsync(session);
        await FactorAsync(session);
        await OrganisationAsync(session);
        await NetworkAsync(session);
        await ConstituentsAsync(session);
        await RulesAsync(session, fresh.Rules);
        await MailAsync(session);
        await SelfTestAsync(session);

        await AtAsync(page, "finish");
        await session.PictureAsync("setup-finish-en");
        await page.Locator("main .button.primary").ClickAsync();
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/", new() { WaitUntil = WaitUntilState.Commit });
        await ConsoleHost.ReadyAsync(page);
        await Assertions.Expect(page.Locator("a[href='/setup/steps']")).ToHaveCountAsync(0);

        // Used once: a second visitor is told, and offered the log-in.
        await page.GotoAsync(fresh.Link);
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("There is an administrator already");

        foreach (var language in new[] { "ar", "zh" })
            await LookAsync(session, language);
    }

    private static async Task LanguageAsync(BrowserSession session, string link)
    {
        var page = session.Page;
        await page.GotoAsync(link);
        foreach (var (language, direction) in new[] { ("ar", "rtl"), ("zh", "ltr"), ("en", "ltr") })
        {
            await page.ClickAsync($"main form.languages button[value={language}]");
            await page.WaitForFunctionAsync($"() => document.documentElement.lang === '{language}'");
            Assert.Equal(direction, await page.GetAttributeAsync("html", "dir"));
            await Assertions.Expect(page.Locator("[name=token]")).Not.ToHaveValueAsync("");
            await session.PictureAsync($"setup-language-{language}");
        }
    }

    private static async Task AdministratorAsync(BrowserSession session)
    {
        var page = session.Page;
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=display]", "Amina Diallo");
        await page.FillAsync("[name=password]", "aaaaaaaaaaaa");
        await page.ClickAsync("main button[type=submit].primary");
        await Assertions.Expect(page.Locator(".refusals")).ToContainTextAsync("repeats a few characters");
        await session.PictureAsync("setup-administrator-refused-en");
        // The link still works, and reloading changes nothing.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".refusals")).ToBeVisibleAsync();
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=display]", "Amina Diallo");
        await page.FillAsync("[name=password]", Password);
        await page.ClickAsync("main button[type=submit].primary");
        await page.WaitForURLAsync("**/setup/steps");
    }

    private static async Task FactorAsync(BrowserSession session)
    {
        var page = session.Page;
        await ConsoleHost.ReadyAsync(page);
        await Assertions.Expect(page.Locator("#step-title")).ToHaveTextAsync("Second factor");
        await Press(page, "Set up an authenticator");
        await Assertions.Expect(page.Locator("main svg.qr, main .qr svg, main .qr")).Not.ToHaveCountAsync(0);
        await session.PictureAsync("setup-factor-en");
        await page.FillAsync("#field-code", "000000");
        await Press(page, "Switch on");
        await Assertions.Expect(page.Locator("main [role=alert]:not(.alarms)").First).ToBeVisibleAsync();
        // Reloaded in the middle: a new picture, nothing is on yet.
        await page.ReloadAsync();
        await ConsoleHost.ReadyAsync(page);
        await Press(page, "Set up an authenticator");
        var secret = await page.Locator("main .secret").InnerTextAsync();
        await page.FillAsync("#field-code", Authenticator.CodeOf(secret, DateTimeOffset.UtcNow));
        await Press(page, "Switch on");
        await Assertions.Expect(page.Locator("#recovery-codes li")).ToHaveCountAsync(10);
        await session.PictureAsync("setup-codes-en");
        await Press(page, "I have kept them");
        await AtAsync(page, "organisation");
    }

    private static async Task OrganisationAsync(BrowserSession session)
    {
        var page = session.Page;
        await page.FillAsync("#field-country", "Z9");
        await page.FillAsync("#field-mail", "cirt at samplia");
        await page.FillAsync("#field-address", "ftp://cirt.example");
        await Press(page, "Save");
        await Assertions.Expect(page.Locator(".field-wrong").First).ToBeVisibleAsync();
        await session.PictureAsync("setup-organisation-refused-en");
        await Assertions.Expect(page.Locator(".field-wrong")).ToHaveCountAsync(4);
        // Back, forward, reload: each shows its step.
        await Press(page, "Back");
        await AtAsync(page, "factor");
        await Assertions.Expect(page.Locator("main .notice.good")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await AtAsync(page, "organisation");
        await page.ReloadAsync();
        await AtAsync(page, "organisation");
        await page.FillAsync("#field-name", "Samplia CIRT");
        await page.FillAsync("#field-country", "zz");
        await page.FillAsync("#field-mail", "cirt@samplia.example");
        await page.FillAsync("#field-address", "https://cirt.samplia.example");
        await Press(page, "Save");
        await AtAsync(page, "network");
    }

    private static async Task NetworkAsync(BrowserSession session)
    {
        var page = session.Page;
        var networks = page.Locator("main textarea");
        await networks.FillAsync("192.0.2.0/24\n10.0.0.0/99");
        await Press(page, "Put in force");
        await Assertions.Expect(page.Locator(".field-wrong .error")).ToContainTextAsync("10.0.0.0/99");
        await AtAsync(page, "network");
        await session.PictureAsync("setup-network-refused-en");
        await networks.FillAsync("192.0.2.0/24\n2001:db8::/32");
        await Press(page, "Put in force");
        await AtAsync(page, "constituents");
        await page.GoBackAsync();
        await AtAsync(page, "network");
        await Assertions.Expect(networks).ToHaveValueAsync("192.0.2.0/24\n2001:db8::/32");
        await page.GoForwardAsync();
        await AtAsync(page, "constituents");
    }

    private static async Task ConstituentsAsync(BrowserSession session)
    {
        var page = session.Page;
        await page.FillAsync("#field-paste", "organisation,networks\nx,y");
        await Press(page, "Show what it would do");
        await Assertions.Expect(page.Locator(".field-wrong .error")).ToContainTextAsync("no column");
        await page.FillAsync(
            "#field-paste",
            """
            name,sector,networks,asns,domains,contact_name,contact_mail,contact_purpose,language
            Ministry of Finance,government,192.0.2.0/26,,finance.example,Duty officer,soc@finance.example,security,en
            Power Grid,energy,192.0.2.300/26,,power.example,Control room,soc@power.example,security,fr
            """);
        await Press(page, "Show what it would do");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("192.0.2.300/26");
        await session.PictureAsync("setup-constituents-en");
        await Press(page, "Write 1 rows");
        await Assertions.Expect(page.Locator(".notice.good", new() { HasText = "In the directory: 1" })).ToBeVisibleAsync();
        await Press(page, "Continue");
        await AtAsync(page, "rules");
    }

    private static async Task RulesAsync(BrowserSession session, Uri published)
    {
        var page = session.Page;
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "Starter rules" })).ToBeVisibleAsync(s_soon);
        await page.FillAsync("#field-url", "ftp://rules.example/a.rules");
        await Press(page, "Add a source");
        await Assertions.Expect(page.Locator(".field-wrong .error")).ToContainTextAsync("ftp://rules.example/a.rules");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("Emerging Threats Open");
        await page.FillAsync("#field-url", published.ToString());
        await Press(page, "Add a source");
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "team.rules" }).Locator("td").First).ToHaveTextAsync("2 / 2", new() { Timeout = 60_000 });
        await Press(page, "Fetch Emerging Threats Open");
        var open = page.Locator("tbody tr", new() { HasText = "Emerging Threats Open" });
        await Assertions.Expect(open.Locator("td").Nth(2)).ToContainTextAsync(new Regex("being fetched|On"));
        await page.Locator(".drop[data-ready] input[type=file]").SetInputFilesAsync(new FilePayload
        {
            Name = "carried.rules",
            MimeType = "text/plain",
            Buffer = Encoding.UTF8.GetBytes(
                """
                alert http any any -> any any (msg:"Carried and right"; http.uri; content:"/right"; sid:4200001; rev:1;)
                alert http any any -> any any (msg:"Carried and wrong"; http.uri; contend:"/wrong"; sid:4200002; rev:1;)
                """),
        });
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "carried.rules" })).ToBeVisibleAsync(s_soon);
        var wrong = page.Locator(".notice.warn li", new() { HasText = "carried.rules" });
        await Assertions.Expect(wrong).ToContainTextAsync("line 2");
        await Assertions.Expect(wrong).ToContainTextAsync("contend");
        await session.PictureAsync("setup-rules-en");
        await Press(page, "Continue");
        await AtAsync(page, "mail");
    }

    private static async Task MailAsync(BrowserSession session)
    {
        var page = session.Page;
        var to = page.Locator("main input[type=email]");
        await to.FillAsync("nobody at example");
        await Press(page, "Send");
        await Assertions.Expect(page.Locator("main [role=alert]:not(.alarms)")).ToContainTextAsync("nobody at example");
        // What a browser would not let through: a line break that would begin a header of its own.
        await to.EvaluateAsync("e => { e.type = 'text'; const area = document.createElement('textarea'); area.value = 'a@b.example\\r\\nBcc: all@b.example'; Object.defineProperty(e, 'value', { get: () => area.value, configurable: true }); e.dispatchEvent(new Event('change', { bubbles: true })); }");
        await Press(page, "Send");
        await Assertions.Expect(page.Locator("main [role=alert]:not(.alarms)")).ToContainTextAsync("Bcc");
        await session.PictureAsync("setup-mail-refused-en");
        await page.ReloadAsync();
        await AtAsync(page, "mail");
        await to.FillAsync("amina@samplia.example");
        await Press(page, "Send");
        await Assertions.Expect(page.Locator(".toast").First).ToBeVisibleAsync();
        await session.PictureAsync("setup-mail-en");
        await Press(page, "Continue");
        await AtAsync(page, "selftest");
    }

    private static async Task SelfTestAsync(BrowserSession session)
    {
        var page = session.Page;
        await Press(page, "Start the self-test");
        await Assertions.Expect(page.Locator("ol.chain li.chain-good")).ToHaveCountAsync(6, new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("main .notice.good")).ToContainTextAsync("Passed");
        await session.PictureAsync("setup-selftest-en");
        // What was reached is still there after a reload.
        await page.ReloadAsync();
        await AtAsync(page, "selftest");
        await Assertions.Expect(page.Locator("ol.chain li.chain-good")).ToHaveCountAsync(6);
        await Press(page, "Continue");
    }

    /// <summary>Every step once more in another language, for the eye; no word of English may be left in a heading.</summary>
    private static async Task LookAsync(BrowserSession session, string language)
    {
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/setup/steps/finish");
        await page.ClickAsync("details.user > summary");
        await page.ClickAsync($"details.user button[value={language}]");
        await page.WaitForFunctionAsync($"() => document.documentElement.lang === '{language}'");
        foreach (var step in new[] { "factor", "organisation", "network", "constituents", "rules", "mail", "selftest", "finish" })
        {
            await ConsoleHost.GoAsync(page, $"/setup/steps/{step}");
            await page.Locator("main h2").First.WaitForAsync();
            Assert.DoesNotMatch("[A-Za-z]{4,}", await page.Locator("main h2").First.InnerTextAsync());
            await session.PictureAsync($"setup-{step}-{language}");
        }
    }

    private static Task Press(IPage page, string text) =>
        page.Locator("main").Locator("button, a.button").Filter(new() { HasText = text }).First.ClickAsync();

    /// <summary>Waits until the step is shown, marked as the current one, and answers to clicks.</summary>
    private static async Task AtAsync(IPage page, string step)
    {
        await page.WaitForURLAsync($"**/setup/steps/{step}", new() { WaitUntil = WaitUntilState.Commit });
        if (step != "finish")
            await Assertions.Expect(page.Locator($".steps li[aria-current=step] a[href='/setup/steps/{step}']")).ToBeVisibleAsync();
        await ConsoleHost.ReadyAsync(page);
    }
}
