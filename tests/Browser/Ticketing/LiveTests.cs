using System.Diagnostics;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>What another operator does is on the screen by itself: on the incident's page and in the queue. The goal is a second; how long it took is said, and a busy machine gets more.</summary>
public sealed class LiveTests : TicketingStage
{
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Change_of_another_operator_is_on_the_incidents_page_and_what_is_being_typed_stays()
    {
        var incident = (await Amina.PostAsync("ticketing/incidents", new { title = "Portal of the ministry" }, Cancel))!;
        await using var session = await CaseStage.SignInAsync(Host, "lee");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{incident["number"]}");
            await page.ClickAsync("[data-keys='n']");
            await page.Locator("textarea").First.PressSequentiallyAsync("half a thought");
            await SeenAsync("note on the page", () => Amina.PostAsync($"ticketing/incidents/{incident["id"]}/notes", new { text = "Called the duty officer" }, Cancel), page.Locator(".timeline", new() { HasText = "Called the duty officer" }));
            await SeenAsync("state on the page", () => Amina.PostAsync($"ticketing/incidents/{incident["id"]}/state", new { from = "new", to = "in-progress" }, Cancel), page.Locator(".page-head", new() { HasText = "In progress" }));
            await SeenAsync("task on the page", () => Amina.PostAsync($"ticketing/incidents/{incident["id"]}/tasks", new { title = "Call the bank" }, Cancel), page.Locator("li[id^=task-]", new() { HasText = "Call the bank" }));
            await Assertions.Expect(page.Locator("textarea").First).ToHaveValueAsync("half a thought");
            // What is to be done stands above what was done.
            Assert.True((await page.Locator("li[id^=task-]").First.BoundingBoxAsync())!.Y < (await page.Locator(".timeline").First.BoundingBoxAsync())!.Y);
            await session.PictureAsync("tickets-live-en");
        }, Host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Change_of_another_operator_is_in_the_queue_and_newcomers_wait_to_be_asked_for()
    {
        var first = (await Amina.PostAsync("ticketing/incidents", new { title = "First" }, Cancel))!;
        var second = (await Amina.PostAsync("ticketing/incidents", new { title = "Second" }, Cancel))!;
        await using var session = await CaseStage.SignInAsync(Host, "lee");
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            var row = page.Locator($"tr[data-key='{first["number"]}']");
            await SeenAsync("owner in the queue", () => Amina.PostAsync($"ticketing/incidents/{first["id"]}/owner", new { giveBack = false }, Cancel), row.GetByText("Amina Haddad"));
            await SeenAsync("newcomer in the queue", () => Amina.PostAsync("ticketing/incidents", new { title = "Third", severity = 1 }, Cancel), page.Locator(".list .pill"));
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(2);
            await Amina.PostAsync($"ticketing/incidents/{second["id"]}/state", new { from = "new", to = "closed", outcome = "false-positive", reason = "Seen before" }, Cancel);
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = (float)s_most.TotalMilliseconds });
            await page.Locator(".list .pill").ClickAsync();
            await Assertions.Expect(page.Locator("tr[data-key]").First).ToContainTextAsync("Third", new() { Timeout = 30_000 });
        }, Host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    // From the answer to whoever acts until the other's browser shows it.
    private static async Task SeenAsync(string what, Func<Task> act, ILocator where)
    {
        await act();
        var since = Stopwatch.GetTimestamp();
        await Assertions.Expect(where.First).ToBeVisibleAsync(new() { Timeout = (float)s_most.TotalMilliseconds });
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms");
    }
}
