using Appliance.Tests.Case;
using Microsoft.Playwright;
using Npgsql;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>An act on everything that matches is the host's: it goes on when its person leaves the page, is shown on every page, says what it left and why, and is taken back as a whole.</summary>
public sealed class BulkTests : IAsyncLifetime
{
    private const int Incidents = 4000;

    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private HostProcess _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await RunAsync(
            $"""
            insert into ticketing.incidents (id, number, title, state, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, owner_id, owner_name, tlp, pap, exercise)
            select gen_random_uuid(), 'INC-2020-' || to_char(n, 'FM00000'), 'Scan of the portal ' || n, 'triage', 3, 'other/other', 1003, 'api', now(), now(), 'x', now(),
                   case when n <= 2 then (select id from identity.users where name = 'amina') end, case when n <= 2 then 'Amina Haddad' end, 2, 2, false
            from generate_series(1, {Incidents}) n
            """);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task All_that_match_go_on_without_their_page_and_come_back_with_undo(string language)
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(50, new() { Timeout = 30_000 });
            await page.FocusAsync("tr[data-key]");
            await page.Keyboard.PressAsync("*");
            await page.Keyboard.PressAsync("m");
            await Assertions.Expect(page.Locator(".bulk")).ToBeVisibleAsync(s_soon);
            await page.Locator(".bulk button.primary").ClickAsync();
            await page.Locator("dialog[open] .primary").ClickAsync();
            await Assertions.Expect(page.Locator(".bulk-run")).ToBeVisibleAsync(s_soon);

            // Another page, as after a reload: a circuit of its own.
            await session.GoAsync("/notices");
            var line = page.Locator(".bulk-run");
            await Assertions.Expect(line).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"bulk-running-{language}");
            await page.SetViewportSizeAsync(360, 740);
            await session.PictureAsync($"bulk-running-360-{language}");
            await Assertions.Expect(page.Locator(".bulk-run[data-bulk=done] p")).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"bulk-done-360-{language}");
            await page.SetViewportSizeAsync(1280, 800);
            Assert.Equal(Incidents, await CountAsync("select count(*) from ticketing.incidents where owner_name = 'Amina Haddad'"));
            if (language == "en")
                await Assertions.Expect(line.Locator("p")).ToHaveTextAsync("Incidents that are yours now: 3,998");

            // What was left has its reason; the page of the act lists it.
            await line.Locator("a").ClickAsync();
            await page.WaitForURLAsync("**/bulk/*");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            if (language == "en")
                await Assertions.Expect(page.Locator("tr[data-key]").First).ToContainTextAsync("yours");
            await session.PictureAsync($"bulk-page-{language}");

            // Back on the list, with one key: the whole act is taken back, and the list shows it.
            await session.GoAsync("/tickets?view=unassigned");
            await Assertions.Expect(page.Locator(".bulk-run [data-keys=u]")).ToBeVisibleAsync(s_soon);
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
            await page.Keyboard.PressAsync("u");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(50, new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator(".bulk-run[data-bulk=done] p")).ToBeVisibleAsync(s_soon);
            Assert.Equal(2, await CountAsync("select count(*) from ticketing.incidents where owner_name = 'Amina Haddad'"));
            await page.Locator(".bulk-run .icon-button").ClickAsync();
            await Assertions.Expect(page.Locator(".bulk-run")).ToHaveCountAsync(0);
            await session.GoAsync("/bulk");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator(".bulk-run")).ToHaveCountAsync(0);
            await session.PictureAsync($"bulk-list-{language}");
        }, _host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Act_on_many_is_stopped_from_any_page()
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(50, new() { Timeout = 30_000 });
            await page.FocusAsync("tr[data-key]");
            await page.Keyboard.PressAsync("*");
            await page.Keyboard.PressAsync("m");
            await page.Locator(".bulk button.primary").ClickAsync();
            await page.Locator("dialog[open] .primary").ClickAsync();
            await page.Locator(".bulk-run .link").ClickAsync(new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator(".bulk-run[data-bulk=cancelled] p")).ToContainTextAsync("the others stay as they are", new() { Timeout = 30_000 });
            await session.PictureAsync("bulk-stopped-en");
        }, _host);
        var taken = await CountAsync("select count(*) from ticketing.incidents where owner_name = 'Amina Haddad'");
        Assert.InRange(taken, 2, Incidents - 1);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    private Task<long> CountAsync(string sql) => CaseStage.CountAsync(_host, sql);

    private async Task RunAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_host.Database);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
