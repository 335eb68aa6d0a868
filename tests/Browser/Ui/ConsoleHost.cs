using System.Text.RegularExpressions;
using Appliance.Tests.Setup;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Ui;

/// <summary>A host whose first administrator was made through the set-up page, as a person would.</summary>
public sealed partial class ConsoleHost : IAsyncLifetime
{
    private readonly Queue<string> _codes = new();
    private string _storage = "";

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <summary>Password of the administrator <c>amina</c>.</summary>
    public static string Password => "quiet river lantern 9";

    /// <summary>Where the host sent the new administrator.</summary>
    public string AfterSetup { get; private set; } = "";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["PSEUDO_LOCALE"] = "1" });
        var line = await Host.Process.LineAsync(l => l.Contains("/setup?token=", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        await using var browser = await BrowserSession.OpenAsync(Host.Https);
        var page = browser.Page;
        await page.GotoAsync(SetupPath().Match(line).Value);
        await page.FillAsync("[name=name]", "amina");
        await page.FillAsync("[name=display]", "Amina Diallo");
        await page.FillAsync("[name=password]", Password);
        await page.ClickAsync("main button[type=submit].primary");
        await page.WaitForURLAsync("**/setup/steps");
        AfterSetup = new Uri(page.Url).AbsolutePath;
        await EnrolAsync(page);
        _storage = await page.Context.StorageStateAsync();
    }

    /// <summary>The next recovery code of <c>amina</c>: each opens once.</summary>
    public string TakeCode() => _codes.Dequeue();

    /// <summary>Gets the second factor that an administrator must have, at the first step of the set-up.</summary>
    private async Task EnrolAsync(IPage page)
    {
        await ReadyAsync(page);
        await page.Locator("main button", new() { HasText = "Set up an authenticator" }).ClickAsync();
        var secret = await page.Locator("main .secret").InnerTextAsync();
        await page.FillAsync("#field-code", Authenticator.CodeOf(secret, DateTimeOffset.UtcNow));
        await page.Locator("main button", new() { HasText = "Switch on" }).ClickAsync();
        await page.Locator("#recovery-codes li").First.WaitForAsync();
        foreach (var code in await page.Locator("#recovery-codes li").AllInnerTextsAsync())
            _codes.Enqueue(code.Trim());
        await page.Locator("main button", new() { HasText = "I have kept them" }).ClickAsync();
        await page.WaitForURLAsync("**/setup/steps/organisation");
    }

    /// <summary>A browser that is logged in, with the circuit up.</summary>
    public async Task<BrowserSession> OpenAsync(string path, string language = "en", int width = 1280)
    {
        var browser = await BrowserSession.OpenAsync(Host.Https, language, width);
        var state = System.Text.Json.JsonDocument.Parse(_storage).RootElement.GetProperty("cookies").EnumerateArray().Select(c => new Cookie
        {
            Name = c.GetProperty("name").GetString()!,
            Value = c.GetProperty("value").GetString()!,
            Url = Host.Https.ToString(),
            HttpOnly = c.GetProperty("httpOnly").GetBoolean(),
            Secure = c.GetProperty("secure").GetBoolean(),
        });
        await browser.Page.Context.AddCookiesAsync(state);
        if (language == "qps")
            await browser.Page.Context.AddCookiesAsync([new Cookie { Name = ".AspNetCore.Culture", Value = Uri.EscapeDataString("c=qps|uic=qps"), Url = Host.Https.ToString() }]);
        await GoAsync(browser.Page, path);
        return browser;
    }

    /// <summary>Goes to <paramref name="path"/> and waits until the page answers to keys and clicks.</summary>
    public static async Task GoAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await ReadyAsync(page);
    }

    /// <summary>Waits until the circuit of the page is up, or nothing where it has none.</summary>
    public static Task ReadyAsync(IPage page) => page.WaitForFunctionAsync("() => ['up', 'none'].includes(document.documentElement.dataset.circuit ?? 'none')");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [GeneratedRegex(@"/setup\?token=\S+")]
    private static partial Regex SetupPath();
}

/// <summary>One host for all tests of the face.</summary>
[CollectionDefinition("console")]
public sealed class ConsoleCollection : ICollectionFixture<ConsoleHost>;
