using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Appliance.Tests;

/// <summary>One person at one browser: a fresh profile in the distribution's Chromium. Keeps picture and page of a failed test; its trace too where CIRT_TRACE is 1: recording every step costs more than most steps.</summary>
public sealed class BrowserSession : IAsyncDisposable
{
    private static readonly string[] s_flags =
    [
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic", "--disable-gpu",
    ];

    private static readonly SemaphoreSlim s_gate = new(1, 1);
    private static IPlaywright? s_playwright;
    private static IBrowser? s_browser;

    private static readonly bool s_traces = Environment.GetEnvironmentVariable("CIRT_TRACE") == "1";

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _faults = new();

    private BrowserSession(IBrowserContext context) => _context = context;

    /// <summary>The page.</summary>
    public IPage Page { get; private set; } = null!;

    /// <summary>What went wrong behind the page: script errors, console errors, refused content, answers of 500 and above.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Opens a browser on <paramref name="address"/>; relative addresses lead there.</summary>
    /// <param name="address">The host's.</param>
    /// <param name="language">What the browser asks for: en, fr, es, ar, zh, ru.</param>
    /// <param name="width">Of the window.</param>
    /// <param name="script">False for a browser without script.</param>
    public static async Task<BrowserSession> OpenAsync(Uri address, string language = "en", int width = 1280, bool script = true)
    {
        var browser = await LaunchAsync();
        var context = await browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            Locale = language,
            TimezoneId = "UTC",
            IgnoreHTTPSErrors = true,
            JavaScriptEnabled = script,
            ViewportSize = new() { Width = width, Height = 800 },
        });
        context.SetDefaultTimeout(20_000);
        if (s_traces)
            await context.Tracing.StartAsync(new() { Screenshots = true, Snapshots = true });
        var session = new BrowserSession(context);
        session.Page = await context.NewPageAsync();
        session.Watch(session.Page);
        return session;
    }

    /// <summary>Another window of the same person.</summary>
    public async Task<IPage> AnotherPageAsync()
    {
        var page = await _context.NewPageAsync();
        Watch(page);
        return page;
    }

    /// <summary>Takes a picture into <c>artifacts/test</c>.</summary>
    public async Task<string> PictureAsync(string name)
    {
        var path = Path.Combine(Checkout.Artifacts, name + ".png");
        await Page.ScreenshotAsync(new() { Path = path, FullPage = true });
        return path;
    }

    /// <summary>Runs <paramref name="steps"/>; when they fail, keeps picture, page and the words of <paramref name="host"/> first. A test's outcome is not yet known while its own session is disposed of.</summary>
    public async Task KeepingAsync(Func<Task> steps, HostProcess? host = null)
    {
        try
        {
            await steps();
        }
        catch
        {
            await KeepAsync();
            if (host is not null)
                await File.WriteAllTextAsync(Failed.PathFor("host.log"), host.Process.Output);
            throw;
        }
    }

    /// <summary>Closes the profile; keeps picture, page and faults of a failed test.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Failed.Is)
        {
            await KeepAsync();
            if (s_traces)
                await _context.Tracing.StopAsync(new() { Path = Failed.PathFor("trace.zip") });
        }

        await _context.CloseAsync();
    }

    private async Task KeepAsync()
    {
        await Page.ScreenshotAsync(new() { Path = Failed.PathFor("page.png"), FullPage = true });
        await File.WriteAllTextAsync(Failed.PathFor("page.txt"), $"{Page.Url}\n{string.Join('\n', _faults)}\n\n{await Page.ContentAsync()}");
    }

    private void Watch(IPage page)
    {
        page.PageError += (_, error) => _faults.Enqueue($"script: {error}");
        page.Console += (_, said) =>
        {
            if (said.Type == "error")
                _faults.Enqueue($"console: {said.Text}");
        };
        page.Response += (_, answer) =>
        {
            if (answer.Status >= 500)
                _faults.Enqueue($"{answer.Status}: {answer.Url}");
        };
    }

    private static async Task<IBrowser> LaunchAsync()
    {
        await s_gate.WaitAsync();
        try
        {
            if (s_browser is { IsConnected: true })
                return s_browser;
            s_playwright ??= await Playwright.CreateAsync();
            s_browser = await s_playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Program(),
                // Chromium's own sandbox needs an ordinary user.
                Args = Environment.IsPrivilegedProcess ? [.. s_flags, "--no-sandbox"] : s_flags,
            });
            return s_browser;
        }
        finally
        {
            s_gate.Release();
        }
    }

    private static string Program() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin").Split(':').Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("Chromium is missing: ./build.sh test installs it as root, or install the package chromium");
}
