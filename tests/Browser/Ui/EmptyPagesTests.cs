using Appliance.Tests.Case;
using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The first look at a host in which nothing has happened: every entry of the rail opens, and what is empty says what to do next.</summary>
public sealed class EmptyPagesTests
{
    /// <summary>Where nothing to show is the good state, or the next step belongs to another role; the sentence says so.</summary>
    private static readonly string[] s_atRest = ["lee /admin/deliveries", "lee /admin/mail", "amina /admin/mail", "amina /watch/feeds"];

    [Fact]
    public async Task Every_entry_of_the_rail_opens_and_an_empty_list_says_what_to_do_next()
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        List<string> mute = [];
        foreach (var person in new[] { "lee", "amina" })
        {
            await using var session = await CaseStage.SignInAsync(host, person);
            foreach (var path in await EntriesAsync(session.Page))
            {
                await ConsoleHost.GoAsync(session.Page, path);
                await Assertions.Expect(session.Page.Locator("h1")).ToHaveCountAsync(1);
                await Assertions.Expect(session.Page.Locator(".state-loading")).ToHaveCountAsync(0);
                await session.PictureAsync($"empty-{person}{path.Replace('/', '-')}");
                // The step is part of the sentence, or the page's own: its main button, its drop zone.
                var owns = await session.Page.Locator("main .button.primary, main .drop").CountAsync() > 0;
                foreach (var state in await session.Page.Locator("main .state-empty").AllAsync())
                    if (!owns && !s_atRest.Contains($"{person} {path}") && await state.Locator("a, button, ol.chain").CountAsync() == 0)
                        mute.Add($"{person} {path}: {await state.InnerTextAsync()}");
            }

            Assert.True(session.Faults.Count == 0, string.Join('\n', session.Faults));
        }

        Assert.True(mute.Count == 0, "empty without a next step:\n" + string.Join('\n', mute));
    }

    private static async Task<IReadOnlyList<string>> EntriesAsync(IPage page)
    {
        const string Paths = "all => all.map((a) => a.getAttribute('href'))";
        await ConsoleHost.GoAsync(page, "/");
        List<string> found = [];
        foreach (var area in await page.Locator("#rail a.area").EvaluateAllAsync<string[]>(Paths))
        {
            await ConsoleHost.GoAsync(page, area);
            found.Add(area);
            found.AddRange(await page.Locator("#rail li li a").EvaluateAllAsync<string[]>(Paths));
        }

        return [.. found.Distinct()];
    }
}
