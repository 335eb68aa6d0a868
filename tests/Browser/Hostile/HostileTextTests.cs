using System.Collections.Concurrent;
using Appliance.Kernel.Csv;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Browser.Hostile;

/// <summary>Text of attackers in every field they can set, on every page that shows it: no script runs, the content policy has nothing to refuse, nothing is asked of another host.</summary>
public sealed class HostileTextTests(HostileHost hostile) : IClassFixture<HostileHost>
{
    /// <summary>Counts what runs; <c>alert</c> and its kin count as well.</summary>
    private const string Count =
        """
        window.ran = (n) => { (window.__ran ??= []).push(n); };
        for (const name of ['alert', 'confirm', 'prompt']) window[name] = (n) => window.ran(n);
        document.addEventListener('securitypolicyviolation', (e) => { (window.__refused ??= []).push(`${e.effectiveDirective} ${e.blockedURI}`); });
        """;

    /// <summary>What came of the page: what ran, what the policy refused, and markup that only a forgotten escape can make.</summary>
    private const string Came =
        """
        () => [
          ...(window.__ran ?? []).map((n) => `payload ${n} ran`),
          ...(window.__refused ?? []).map((r) => `refused: ${r}`),
          ...[...document.querySelectorAll('iframe, object, embed, base[href*=evil], meta[http-equiv=refresh], body style, link[href*=evil], script[src*=evil]')].map((e) => `markup: ${e.outerHTML.slice(0, 80)}`),
          ...[...document.querySelectorAll('a[href], form[action]')].filter((e) => /^\s*(javascript|data|vbscript):/i.test(e.getAttribute('href') ?? e.getAttribute('action') ?? '')).map((e) => `link: ${e.outerHTML.slice(0, 80)}`),
          ...[...document.querySelectorAll('body *')].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name))).map((e) => `handler: ${e.outerHTML.slice(0, 80)}`),
        ]
        """;

    private static bool Long => Environment.GetEnvironmentVariable(LongFactAttribute.Variable) == "1";

    [Fact]
    public async Task No_text_from_outside_runs_on_any_page_that_shows_it()
    {
        // Every list with all forty; of the single records all in the long run, else a spread of each kind.
        var records = Long ? hostile.Records : [.. hostile.Records.GroupBy(r => Kind(r.Path)).SelectMany(g => g.Where((_, i) => i % Math.Max(1, g.Count() / 4) == 0))];
        List<string> came = [];
        var (shown, reports) = (0, Reports());
        foreach (var person in hostile.Lists.Concat(records).GroupBy(p => p.Person))
        {
            await using var session = await CaseStage.SignInAsync(hostile.Host, person.Key);
            ConcurrentQueue<string> foreign = [];
            session.Page.Request += (_, request) =>
            {
                if (!request.Url.StartsWith(hostile.Host.Http.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                    foreign.Enqueue(request.Url);
            };
            await session.Page.Context.AddInitScriptAsync(Count);
            // The home page last: by then it lists what was opened, and what was taken.
            foreach (var path in person.Select(p => p.Path).Append("/"))
            {
                await ConsoleHost.GoAsync(session.Page, path);
                came.AddRange((await session.Page.EvaluateAsync<string[]>(Came)).Select(w => $"{path}: {w}"));
                if ((await session.Page.Locator("main").InnerTextAsync()).Contains("ran(", StringComparison.Ordinal))
                    shown++;
            }

            Assert.Contains("ran(", await session.Page.Locator("[aria-labelledby=recent-title]").InnerTextAsync(), StringComparison.Ordinal);
            Assert.Contains("ran(", await session.Page.Locator(".bell .told").TextContentAsync(), StringComparison.Ordinal);
            came.AddRange(session.Faults.Where(f => !f.Contains("404", StringComparison.Ordinal)).Select(f => $"{person.Key}: {f}"));
            came.AddRange(foreign.Select(f => $"asked of another host: {f}"));
        }

        Assert.True(came.Count == 0, $"{came.Count}:\n{string.Join('\n', came.Distinct().Take(60))}\n{hostile.Host.Process.Output}");
        Assert.Equal(reports, Reports());
        // A page that does not show them proves nothing.
        Assert.True(shown >= hostile.Lists.Count / 2 + records.Count / 2, $"payloads were seen on {shown} of {hostile.Lists.Count + records.Count} pages");
    }

    [Fact]
    public async Task The_count_finds_a_planted_script()
    {
        await using var session = await CaseStage.SignInAsync(hostile.Host, "amina");
        await session.Page.Context.AddInitScriptAsync(Count);
        await ConsoleHost.GoAsync(session.Page, "/help");
        await session.Page.EvaluateAsync("() => { window.ran(7); document.querySelector('main').insertAdjacentHTML('beforeend', '<a href=\"javascript:ran(1)\">x</a><img src=x onerror=ran(11)>'); }");
        await session.Page.WaitForFunctionAsync("() => (window.__refused ?? []).length > 0");

        var came = await session.Page.EvaluateAsync<string[]>(Came);

        foreach (var kind in new[] { "payload 7 ran", "refused: script-src-attr", "link: <a", "handler: <img" })
            Assert.Contains(came, c => c.StartsWith(kind, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_and_commands_work_over_text_from_outside()
    {
        await using var session = await CaseStage.SignInAsync(hostile.Host, "amina");
        await session.Page.Context.AddInitScriptAsync(Count);
        var page = session.Page;
        await ConsoleHost.GoAsync(page, "/sense/inbox?hours=8760");
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(page.Locator("aside.card h2").First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("ran(");
        await Assertions.Expect(page.Locator("#commands [role=option]", new() { HasText = "ran(" }).First).ToBeVisibleAsync();

        Assert.Empty(await page.EvaluateAsync<string[]>(Came));
    }

    [Theory]
    [InlineData("sensing/groups.csv?hours=8760")]
    [InlineData("ticketing/reports.csv")]
    [InlineData("ticketing/incidents.csv")]
    [InlineData("directory/list.csv")]
    [InlineData("directory/constituents.csv")]
    public async Task No_cell_of_a_file_begins_a_formula(string path)
    {
        await using var session = await CaseStage.SignInAsync(hostile.Host, "lee");
        var answer = await session.Page.Context.APIRequest.GetAsync(new Uri(hostile.Host.Http, "/api/v1/" + path).ToString());
        var text = (await answer.TextAsync()).TrimStart('\uFEFF');

        Assert.Equal(200, answer.Status);
        Assert.Equal("nosniff", answer.Headers["x-content-type-options"]);
        Assert.StartsWith("attachment", answer.Headers["content-disposition"], StringComparison.Ordinal);
        var cells = CsvReader.Read(text, ',').SelectMany(r => r.Cells).ToList();
        Assert.Contains(cells, c => c.Contains("ran(", StringComparison.Ordinal));
        Assert.DoesNotContain(cells, c => c.Length > 0 && "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20".Contains(c[0], StringComparison.Ordinal));
    }

    /// <summary>What browsers reported to the host so far; the planted script reports as well.</summary>
    private int Reports() => hostile.Host.Process.Output.Split("content security policy violated", StringSplitOptions.None).Length - 1;

    private static string Kind(string path)
    {
        var parts = path.Split('/', '?');
        return string.Join('/', parts.Where(p => p.Length > 0 && !p.Any(char.IsAsciiDigit)));
    }
}
