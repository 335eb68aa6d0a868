using Appliance.Tests.Case;
using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>The sample country is marked on every page, in every language, also for strangers and on paper; a real country never is.</summary>
[Collection("console")]
public sealed class SampleMarkTests(ConsoleHost console, FilledHost filled) : IClassFixture<FilledHost>
{
    [Fact]
    public async Task Every_page_of_the_sample_country_says_what_it_is_in_the_readers_language()
    {
        HashSet<string> said = [];
        foreach (var language in new[] { "en", "fr", "es", "ar", "zh", "ru" })
        {
            await using var session = await CaseStage.SignInAsync(filled.Host, "amina", language);
            foreach (var path in new[] { "/", "/sense/inbox", "/admin/health", filled.Pages.Single(p => p.Path.EndsWith("/print", StringComparison.Ordinal)).Path })
            {
                await ConsoleHost.GoAsync(session.Page, path);
                await Assertions.Expect(session.Page.Locator(".sample")).ToBeVisibleAsync();
            }

            await ConsoleHost.GoAsync(session.Page, "/sense/inbox");
            said.Add(await session.Page.Locator(".sample").InnerTextAsync());
            await session.PictureAsync($"sample-{language}");
        }

        Assert.Equal(6, said.Count);
        await using var stranger = await BrowserSession.OpenAsync(filled.Host.Http);
        await stranger.Page.GotoAsync("/login");
        await Assertions.Expect(stranger.Page.Locator(".sample")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_real_country_is_not_marked()
    {
        await using var session = await console.OpenAsync("/");

        await Assertions.Expect(session.Page.Locator("h1")).ToBeVisibleAsync();
        await Assertions.Expect(session.Page.Locator(".sample")).ToHaveCountAsync(0);
    }
}
