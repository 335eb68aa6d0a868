using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.Tests;
using Microsoft.Playwright;

namespace Appliance.Bench.Desk;

/// <summary>How long a person waits at the inbox and the queue of an appliance that has been at work for a year; and whether thirty people wait much longer than one.</summary>
internal static class ConsoleBench
{
    private const int Times = 20;
    private const int People = 30;

    /// <summary>Milliseconds from a key to the first change that can be seen, taken inside the page.</summary>
    private const string KeyTimes =
        """
        async (keys) => {
          const times = [];
          for (const key of keys) {
            const body = document.querySelector('tbody[data-rows]');
            const seen = new Promise((resolve) => {
              const watch = new MutationObserver(() => { watch.disconnect(); requestAnimationFrame(() => resolve(performance.now())); });
              watch.observe(body, { attributes: true, subtree: true, attributeFilter: ['data-cursor', 'aria-selected'] });
            });
            const pressed = performance.now();
            (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
            times.push(await seen - pressed);
          }
          return times;
        }
        """;

    /// <summary>Milliseconds of each question of a query bar; one whose time was over counts as a second.</summary>
    private const string HintTimes =
        """
        async (questions) => {
          const times = [];
          for (const question of questions) {
            const asked = performance.now();
            const answer = await (await fetch(`/api/v1/sensing/${question}&hours=24`, { headers: { Accept: 'application/json' } })).json();
            times.push(answer.partial ? 1000 : performance.now() - asked);
          }
          return times;
        }
        """;

    private static readonly string[] s_questions = ["src:", "dst:192", "ip:", "sid:", "sid:2000", "sev:", "port:", "proto:", "name:", "is:"];

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        Line("generator", await TimedAsync(async () => Say($"  {options.Alerts:N0} alerts, {options.Incidents:N0} incidents; groups open: {await ConsoleData.WriteAsync(host.Owner, options.Alerts, options.Incidents):N0}")));
        var people = await host.PeopleAsync();
        await host.StartAsync();
        // The browser's driver is kept once, beside the tests that use it.
        Environment.SetEnvironmentVariable("PLAYWRIGHT_DRIVER_SEARCH_PATH", Checkout.At("tests", "Browser", "bin", "Release", "net10.0"));
        await using var session = await BrowserSession.OpenAsync(host.Https);
        // A slow answer is a figure, not a fault.
        session.Page.SetDefaultTimeout(120_000);
        await SignInAsync(session.Page, "amina", people["amina"]);

        Table("inbox, first rows shown", await SampleAsync(Times, _ => LoadAsync(session.Page, "/sense/inbox")), 1000);
        Table("inbox, next page", await NextAsync(session.Page, "/sense/inbox"), 500);
        foreach (var bar in new[] { "groups", "events" })
            Table($"query bar of {bar}, suggestions", await session.Page.EvaluateAsync<double[]>(HintTimes, Enumerable.Repeat(s_questions, 2).SelectMany(q => q).Select(q => $"{bar}/hints?q={q}&at={q.Length}").ToArray()), 400);
        Table("tickets, first rows shown", await SampleAsync(Times, _ => LoadAsync(session.Page, "/tickets?view=closed")), 1000);
        Table("tickets, next page", await NextAsync(session.Page, "/tickets?view=closed"), 500);
        await LoadAsync(session.Page, "/sense/inbox");
        await ReadyAsync(session.Page);
        Table("key j to the cursor", await session.Page.EvaluateAsync<double[]>(KeyTimes, Enumerable.Repeat("j", 40).ToArray()), 100);
        Table("key x to the mark (one round trip)", await session.Page.EvaluateAsync<double[]>(KeyTimes, Enumerable.Repeat("x", 20).ToArray()), 100);
        await ManyAsync(host, people["amina"]);
        // Last: afterwards the inbox is empty.
        await BulkAsync(session.Page);
    }

    private static async Task BulkAsync(IPage page)
    {
        await LoadAsync(page, "/sense/inbox");
        await ReadyAsync(page);
        await page.FocusAsync("tr[data-key]");
        foreach (var key in new[] { "*", "m" })
            await page.Keyboard.PressAsync(key);
        await page.Locator(".bulk button", new() { HasText = "Close" }).First.ClickAsync();
        await page.EvaluateAsync("() => { window.steps = new Set(); new MutationObserver(() => { const said = document.querySelector('.bulk-progress .meter span')?.textContent; if (said) window.steps.add(said); }).observe(document.body, { childList: true, subtree: true, characterData: true }); }");
        var taken = await TimedAsync(async () =>
        {
            await page.Locator("dialog[open] .primary").ClickAsync();
            await page.Locator(".toast p").First.WaitForAsync(new() { Timeout = 120_000 });
        });
        Say($"  bulk close: {(await page.Locator(".toast p").First.InnerTextAsync()).Trim()}, progress told {await page.EvaluateAsync<int>("() => window.steps.size")} times");
        Line("bulk close of all that match (wanted: 10,000 in 5 s)", taken);
    }

    /// <summary>Thirty people, each opening the inbox every five seconds, against one who does: the page with its rows, as the host renders it.</summary>
    private static async Task ManyAsync(BenchHost host, string password)
    {
        var one = await WorkAsync(await ClientAsync(host, password), Times, TimeSpan.FromSeconds(0.5));
        Table("inbox as one person's browser asks for it", one, 1000);
        var clients = await Task.WhenAll(Enumerable.Range(0, People).Select(_ => ClientAsync(host, password)));
        var many = (await Task.WhenAll(clients.Select((c, i) => LaterAsync(c, TimeSpan.FromSeconds(5.0 * i / People))))).SelectMany(t => t).ToArray();
        Table($"the same, {People} people at once", many, 2 * At(one, 95));
        foreach (var client in clients)
            client.Dispose();

        static async Task<double[]> LaterAsync(HttpClient client, TimeSpan pause)
        {
            await Task.Delay(pause);
            return await WorkAsync(client, 8, TimeSpan.FromSeconds(5));
        }
    }

    private static async Task<double[]> WorkAsync(HttpClient client, int times, TimeSpan pause)
    {
        var taken = new double[times];
        for (var i = 0; i < times; i++)
        {
            var since = Stopwatch.GetTimestamp();
            var page = await client.GetStringAsync("/sense/inbox");
            taken[i] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            if (!page.Contains("data-key=", StringComparison.Ordinal))
                throw new InvalidOperationException("the inbox came without rows");
            await Task.Delay(pause);
        }

        return taken;
    }

    internal static async Task<HttpClient> ClientAsync(BenchHost host, string password)
    {
        var handler = new SocketsHttpHandler { CookieContainer = new CookieContainer(), AutomaticDecompression = DecompressionMethods.All };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var client = new HttpClient(handler) { BaseAddress = host.Https, Timeout = TimeSpan.FromSeconds(60) };
        var form = await client.GetStringAsync("/login");
        var token = System.Text.RegularExpressions.Regex.Match(form, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string> { ["name"] = "amina", ["password"] = password, ["__RequestVerificationToken"] = token });
        using var answer = await client.PostAsync("/account/login", fields);
        answer.EnsureSuccessStatusCode();
        return client;
    }

    private static async Task SignInAsync(IPage page, string name, string password)
    {
        await page.GotoAsync("/login");
        await page.FillAsync("input[name=name]", name);
        await page.FillAsync("input[name=password]", password);
        await page.ClickAsync("form[action='/account/login'] button[type=submit]");
        await page.WaitForURLAsync(url => !url.Contains("/login", StringComparison.Ordinal));
    }

    private static async Task LoadAsync(IPage page, string path)
    {
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Commit });
        await page.Locator("tr[data-key]").First.WaitForAsync();
    }

    private static Task ReadyAsync(IPage page) => page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'");

    private static async Task<double[]> NextAsync(IPage page, string path)
    {
        var next = page.Locator(".list-foot a[rel=next]");
        var taken = new List<double>();
        while (taken.Count < Times)
        {
            // A short list is walked more than once; going back to its head is not timed.
            if (taken.Count == 0 || await next.CountAsync() == 0)
            {
                await LoadAsync(page, path);
                await ReadyAsync(page);
                if (await next.CountAsync() == 0)
                    throw new InvalidOperationException($"{path} has one page only: ask for more rows");
            }

            taken.Add((await TimedAsync(async () =>
            {
                var first = await page.Locator("tr[data-key]").First.GetAttributeAsync("data-key");
                await next.ClickAsync();
                await page.WaitForFunctionAsync("first => document.querySelector('tr[data-key]')?.dataset.key !== first", first);
            })).TotalMilliseconds);
        }

        return [.. taken];
    }

    private static async Task<double[]> SampleAsync(int times, Func<int, Task> act)
    {
        await act(-1);
        var taken = new double[times];
        for (var i = 0; i < times; i++)
            taken[i] = (await TimedAsync(() => act(i))).TotalMilliseconds;
        return taken;
    }

    private static async Task<TimeSpan> TimedAsync(Func<Task> act)
    {
        var since = Stopwatch.GetTimestamp();
        await act();
        return Stopwatch.GetElapsedTime(since);
    }

    private static double At(double[] taken, int percent)
    {
        var sorted = taken.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(sorted.Length * percent / 100.0) - 1)];
    }

    private static void Table(string what, double[] taken, double wanted) =>
        Say(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} p50 {At(taken, 50),7:0} ms   p95 {At(taken, 95),7:0} ms   most {taken.Max(),7:0} ms   (wanted p95 {wanted:0} ms)"));

    private static void Line(string what, TimeSpan taken) => Say(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} {taken.TotalSeconds,7:0.0} s"));

    private static void Say(string line) => Console.WriteLine(line);
}
