using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Npgsql;
using Xunit;

namespace Appliance.Tests.Browser.Reports;

/// <summary>The Reports area in a real browser: a week is chosen, stepped back from, printed and carried away; what strangers wrote stays text.</summary>
public sealed partial class ReportsTests : IAsyncLifetime
{
    private const string Hostile = "=cmd|'/C calc'!A0 <script>ran(1)</script>";

    private static readonly DateTime s_before = DateTime.UtcNow.AddDays(-7);

    private HostProcess _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await FillAsync();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Week_is_picked_stepped_back_printed_and_downloaded()
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina");
        await session.KeepingAsync(async () =>
        {
            var page = session.Page;
            await page.Context.AddCookiesAsync([new() { Name = "cirt.theme", Value = "light", Url = _host.Http.ToString() }]);
            await session.GoAsync("/reports");
            await Assertions.Expect(page.Locator("#rail a[href='/reports']")).ToHaveAttributeAsync("aria-current", "page");
            await Assertions.Expect(page.Locator(".report-title")).ToHaveTextAsync("Shift of 8 hours");
            await page.Locator(".tabs a", new() { HasText = "Week" }).ClickAsync();
            await Assertions.Expect(page.Locator(".report-title")).ToHaveTextAsync(WeekTitle(DateTime.UtcNow));

            // The week before holds something on every day of the week, the running one may just have begun.
            await page.Locator("a[rel=prev]").ClickAsync();
            await page.WaitForURLAsync(WeekAddress());
            await Assertions.Expect(page.Locator(".report-title")).ToHaveTextAsync(WeekTitle(s_before));
            await Assertions.Expect(page.Locator("a[rel=next]")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator("#sensing-report-alerts .report-now").First).Not.ToHaveTextAsync("0");
            Assert.NotEqual("0", await page.Locator("#sensing-report-alerts tr").Nth(1).Locator("td").Nth(1).InnerTextAsync());
            Assert.DoesNotContain("The period is not over", await page.Locator(".report").InnerTextAsync(), StringComparison.Ordinal);
            await session.PictureAsync("reports-week-en");

            await session.GoAsync("/reports?kind=week");
            await ChooseAsync(page);
            await session.GoAsync(new Uri(page.Url).PathAndQuery);
            await page.Locator(".views-menu > summary").ClickAsync();
            await page.Locator(".views-menu input:not([type=checkbox])").FillAsync("Monday round");
            await page.Locator(".views-menu button[type=submit]").ClickAsync();
            await Assertions.Expect(page.Locator(".views-menu a", new() { HasText = "Monday round" })).ToHaveAttributeAsync("href", "/reports?kind=week&sections=sensing.report.alerts&sections=ticketing.report.incidents");

            await session.GoAsync(string.Create(CultureInfo.InvariantCulture, $"/reports?kind=week&sections=sensing.report.alerts&sections=ticketing.report.incidents&at={s_before:yyyy-MM-dd}"));
            var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("a[download][href*='.csv']").ClickAsync());
            Assert.StartsWith("report-week-", download.SuggestedFilename, StringComparison.Ordinal);
            var csv = await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
            Assert.Contains("report,fact,marking,Marking,,,TLP:AMBER,,", csv, StringComparison.Ordinal);
            Assert.Contains($",'{Hostile},", csv, StringComparison.Ordinal);
            Assert.DoesNotContain("kernel.report", csv, StringComparison.Ordinal);

            var paper = await page.RunAndWaitForDownloadAsync(() => page.Locator("a[download][href*='.pdf']").ClickAsync());
            Assert.EndsWith(".pdf", paper.SuggestedFilename, StringComparison.Ordinal);
            var printed = await Pdf.TextAsync(await paper.PathAsync());
            Assert.Contains(WeekTitle(s_before), printed, StringComparison.Ordinal);
            Assert.Contains("TLP:AMBER", printed, StringComparison.Ordinal);
            Assert.Contains("<script>", printed, StringComparison.Ordinal);
            Assert.Contains(await page.Locator("#sensing-report-alerts .report-now").First.InnerTextAsync(), printed, StringComparison.Ordinal);

            var shown = await page.Locator(".report").InnerTextAsync();
            await page.Locator("a[href^='/reports/print']").ClickAsync();
            await page.WaitForURLAsync("**/reports/print**");
            await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(WeekTitle(s_before));
            await Assertions.Expect(page.Locator(".paper .tlp").First).ToHaveTextAsync("TLP:AMBER");
            Assert.Equal(Bare(shown), Bare(await page.Locator(".report").InnerTextAsync()));
            Assert.Contains("<script>", await page.Locator("#sensing-report-alerts").InnerTextAsync(), StringComparison.Ordinal);
            await page.EmulateMediaAsync(new() { Media = Media.Print });
            await session.PictureAsync("reports-print-en");
        }, _host);
        Assert.Empty(session.Faults);
    }

    [Theory]
    [InlineData("en", "light")]
    [InlineData("ar", "light")]
    [InlineData("en", "dark")]
    [InlineData("ar", "dark")]
    public async Task Report_stands_in_both_directions_and_themes_at_every_width(string language, string theme)
    {
        await using var session = await CaseStage.SignInAsync(_host, "lee", language);
        await session.KeepingAsync(async () =>
        {
            var page = session.Page;
            await page.Context.AddCookiesAsync([new() { Name = "cirt.theme", Value = theme, Url = _host.Http.ToString() }]);
            foreach (var (name, path) in new[] { ("month", "/reports?kind=month"), ("custom", "/reports?kind=custom&from=2026-02-30&to=2026-03-01"), ("print", "/reports/print?kind=month") })
            {
                await ConsoleHost.GoAsync(page, path);
                await page.Locator(name == "custom" ? ".refusals" : ".report").First.WaitForAsync();
                Assert.Empty(await Axe.BrokenAsync(page));
                foreach (var width in Looks.Widths)
                {
                    await page.SetViewportSizeAsync(width, 900);
                    Assert.Empty(await Looks.WrongAsync(page));
                    if (width is 360 or 1280)
                        await session.PictureAsync($"reports-{name}-{language}-{theme}-{width}");
                }
            }
        }, _host);
    }

    [Fact]
    public async Task Days_begin_where_the_reader_lives()
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina");
        await using var database = NpgsqlDataSource.Create(_host.Database);
        await using var command = database.CreateCommand("insert into kernel.preferences (user_id, body, changed_at) select id, '{\"timeZone\":\"Asia/Kathmandu\"}', now() from identity.users on conflict (user_id) do update set body = excluded.body");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await session.GoAsync("/reports?kind=day&at=2026-11-16");

        await Assertions.Expect(session.Page.Locator(".report .stamp").First).ToHaveTextAsync("2026-11-16 00:00+05:45");
        await Assertions.Expect(session.Page.Locator(".report")).ToContainTextAsync("Asia/Kathmandu");
    }

    private static async Task ChooseAsync(IPage page)
    {
        await page.Locator(".report-choice summary").ClickAsync();
        foreach (var box in await page.Locator(".report-choice input[type=checkbox]").AllAsync())
            await box.SetCheckedAsync(await box.GetAttributeAsync("value") is "sensing.report.alerts" or "ticketing.report.incidents");
        await page.Locator(".report-choice button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator(".report-part")).ToHaveCountAsync(2);
    }

    private async Task FillAsync()
    {
        await using var database = NpgsqlDataSource.Create(_host.Database);
        await using var command = database.CreateCommand(
            $"""
            insert into sensing.sensors (name, path, kind, present) values ('east', '/nowhere', 'folder', true) on conflict (name) do nothing;
            insert into sensing.alert_groups (id, gid, sid, rev, signature, category, src, dst, severity, count, first_seen, last_seen, first_received, last_received, sensor_id, base_score, score, reasons)
            select gen_random_uuid(), 1, 2000 + i % 7, 1, case i % 7 when 0 then '{Hostile.Replace("'", "''", StringComparison.Ordinal)}' else 'EXAMPLE scan number ' || i % 7 || ' against portals' end, '', '198.51.100.0'::inet + i % 30, '192.0.2.0'::inet + i % 9,
                1 + i % 4, 9, at, now(), at, now(), 1, 20, 20, default
            from (select i, now() - i * interval '2 hours' as at from generate_series(1, 400) i) n;
            insert into sensing.group_hours (group_id, hour, alerts) select id, date_trunc('hour', first_received, 'UTC'), 3 + sid % 11 from sensing.alert_groups;
            insert into sensing.hourly (hour, sensor_id, type, severity, records, bytes) select date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 1, t, 0, 100 + (h * 37) % 400, 1 from generate_series(0, 900) h, unnest(array['flow', 'alert']) t where h % 50 > 2;
            insert into ticketing.incidents (id, number, title, state, outcome, severity, rsit_type, rsit_version, source, opened_at, changed_at, changed_by, state_since, taken_at, closed_at, due_at, tlp, pap, exercise)
            select gen_random_uuid(), 'INC-T-' || i, 'x', case when i % 3 = 0 then 'triage' else 'closed' end, case when i % 3 = 0 then null else 'resolved' end, 1 + i % 4, (array['abusive-content/spam', 'malicious-code/c2-server', 'malicious-code/infected-system'])[1 + i % 3], 1003, 'api',
                at, at, 'Ana', at, at + i % 50 * interval '3 minutes', case when i % 3 = 0 then null else at + (3 + i % 40) * interval '1 hour' end, at + interval '1 day', 2, 2, false
            from (select i, now() - i * interval '9 hours' as at from generate_series(1, 120) i) n
            """.Replace("20, 20, default", "20, 20, '{}'", StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static string WeekTitle(DateTime day) => string.Create(CultureInfo.InvariantCulture, $"Week {ISOWeek.GetYear(day)}-W{ISOWeek.GetWeekOfYear(day):00}");

    /// <summary>Without the minute in which it was made: the print is made a little later.</summary>
    private static string Bare(string text) => Stamp().Replace(Regex.Replace(text, @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1)), "");

    [GeneratedRegex(@"20\d\d-\d\d-\d\d \d\d:\d\dZ", RegexOptions.NonBacktracking)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"/reports\?kind=week&at=20\d\d-\d\d-\d\d$", RegexOptions.NonBacktracking)]
    private static partial Regex WeekAddress();
}
