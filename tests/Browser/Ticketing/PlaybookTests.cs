using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Ticketing;

/// <summary>A playbook from its suggestion to the end of its incident, by key where there is one, in both directions; and two people at one task.</summary>
public sealed class PlaybookTests : IAsyncLifetime
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 30_000 };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private HostProcess _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DemoApi Api => new(_http, _host.Http, DemoPeople.Load(new DataFolder(_host.Data))!.Single(p => p.Name == "amina").Token);

    public async ValueTask InitializeAsync()
    {
        _host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await _host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Playbook_is_started_by_key_its_tasks_are_done_and_closing_asks_for_the_others(string language)
    {
        var number = await OpenAsync();
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync($"/tickets/{number}");
            await Assertions.Expect(page.Locator("[data-keys=p]")).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"tasks-suggested-{language}");
            await page.Keyboard.PressAsync("p");
            await Assertions.Expect(Tasks(page)).ToHaveCountAsync(5, new() { Timeout = 30_000 });
            await page.Keyboard.PressAsync("t");
            await page.Locator("dialog[open] input").First.FillAsync("Call the ministry");
            await page.Locator("dialog[open] button.primary").ClickAsync();
            await Assertions.Expect(Tasks(page)).ToHaveCountAsync(6, new() { Timeout = 30_000 });
            await Tasks(page).Nth(0).Locator("input").FillAsync("Kept with the case file");
            await Tasks(page).Nth(0).Locator(".row > button").Nth(1).ClickAsync();
            await Assertions.Expect(Tasks(page).Nth(0)).ToContainTextAsync("Kept with the case file", new() { Timeout = 30_000 });
            await Tasks(page).Nth(1).Locator(".row > button").Nth(0).ClickAsync();
            await Assertions.Expect(Tasks(page).Nth(1)).ToContainTextAsync("Amina", new() { Timeout = 30_000 });
            if (language == "ar")
                await Assertions.Expect(Tasks(page).Nth(1)).ToContainTextAsync("اطلب الإزالة");
            await session.PictureAsync($"tasks-running-{language}");

            await session.GoAsync("/tickets/tasks");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
            await session.PictureAsync($"tasks-mine-{language}");
            await session.GoAsync("/");
            await Assertions.Expect(page.Locator($"a[href*='{number}#task-']")).ToBeVisibleAsync(s_soon);

            await session.GoAsync($"/tickets/{number}");
            await page.Locator(".bar[role=group] button").Last.ClickAsync();
            var dialog = page.Locator("dialog[open]");
            await Assertions.Expect(dialog.Locator("input[type=radio]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await dialog.Locator("select").SelectOptionAsync("resolved");
            await dialog.Locator("textarea").FillAsync("The page is gone");
            await dialog.Locator("button.primary").ClickAsync();
            await Assertions.Expect(dialog.Locator(".refusals")).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"tasks-closing-{language}");
            await dialog.Locator("input[type=radio]").First.CheckAsync();
            await dialog.Locator("button.primary").ClickAsync();
            await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
            await session.PictureAsync($"tasks-closed-{language}");
        }, _host);
        Assert.Equal((1L, 5L), (await CountAsync("state = 'done' and note = 'Kept with the case file'"), await CountAsync("state = 'skipped' and reason = 'The page is gone'")));
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    [Fact]
    public async Task Second_of_two_at_one_task_keeps_what_they_typed_and_sees_who_was_faster()
    {
        var number = await OpenAsync();
        await using var amina = await CaseStage.SignInAsync(_host, "amina");
        await using var lee = await CaseStage.SignInAsync(_host, "lee");
        await amina.GoAsync($"/tickets/{number}");
        await amina.Page.Locator("[data-keys=p]").ClickAsync();
        await Assertions.Expect(Tasks(amina.Page)).ToHaveCountAsync(5, new() { Timeout = 30_000 });
        await lee.GoAsync($"/tickets/{number}");
        await Assertions.Expect(Tasks(lee.Page)).ToHaveCountAsync(5, new() { Timeout = 30_000 });
        await lee.Page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 30_000 });
        await Tasks(lee.Page).Nth(0).Locator("input").FillAsync("not needed here");
        await Tasks(amina.Page).Nth(0).Locator(".row > button").Nth(0).ClickAsync();
        await Assertions.Expect(Tasks(amina.Page).Nth(0)).ToContainTextAsync("Amina", new() { Timeout = 30_000 });
        // By itself, before the second acts: what they typed is still there.
        await Assertions.Expect(Tasks(lee.Page).Nth(0)).ToContainTextAsync("Amina", new() { Timeout = 30_000 });
        await Assertions.Expect(Tasks(lee.Page).Nth(0).Locator("input")).ToHaveValueAsync("not needed here");
        await lee.PictureAsync("tasks-second-en");
        Assert.Equal(1, await CountAsync("state = 'doing'"));
        Assert.True(lee.Faults.Count == 0, string.Join("\n", lee.Faults));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task Playbook_is_read_changed_and_found_with_its_versions(string language)
    {
        await using var session = await CaseStage.SignInAsync(_host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(async () =>
        {
            await session.GoAsync("/tickets/playbooks");
            await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(6, new() { Timeout = 30_000 });
            await session.PictureAsync($"playbooks-{language}");
            await session.GoAsync("/tickets/playbooks/0198c0de-0000-7000-8000-0000000000a5");
            await session.PictureAsync($"playbook-{language}");
            await page.Keyboard.PressAsync("e");
            await page.WaitForURLAsync("**/edit");
            await Assertions.Expect(page.Locator("#playbook-name")).ToBeVisibleAsync(s_soon);
            await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 30_000 });
            await page.Locator("#step-1-due").FillAsync("20");
            await page.Locator("#step-1-due").BlurAsync();
            await Assertions.Expect(page.Locator(".draft-note button")).ToBeVisibleAsync(s_soon);
            // Closed by mistake: it goes on where it was left, and thrown away it is as saved.
            await session.GoAsync("/tickets/playbooks/0198c0de-0000-7000-8000-0000000000a5/edit");
            await Assertions.Expect(page.Locator("#step-1-due")).ToHaveValueAsync("20", new() { Timeout = 30_000 });
            await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 30_000 });
            await page.Locator(".draft-note button").ClickAsync();
            await Assertions.Expect(page.Locator("#step-1-due")).Not.ToHaveValueAsync("20", new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator(".draft-note button")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
            await page.Locator("#step-1-due").FillAsync("20");
            await page.Locator("#step-1-due").BlurAsync();
            await Assertions.Expect(page.Locator(".draft-note button")).ToBeVisibleAsync(s_soon);
            await session.PictureAsync($"playbook-edit-{language}");
            await page.Locator(".form-actions button.primary").ClickAsync();
            await Assertions.Expect(page.Locator("a[href$='?version=2']")).ToBeVisibleAsync(s_soon);
            await Assertions.Expect(page.Locator("a[href$='?version=1']")).ToBeVisibleAsync(s_soon);
            await Assertions.Expect(page.Locator("section ol > li").First).ToContainTextAsync("20", new() { Timeout = 30_000 });
        }, _host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    private static ILocator Tasks(IPage page) => page.Locator("li[id^=task-]");

    private async Task<string> OpenAsync() => (await Api.PostAsync("ticketing/incidents", new { title = "Phishing against the ministry", rsitType = "fraud/phishing" }, Cancel))!["number"]!.ToString();

    private Task<long> CountAsync(string where) => CaseStage.CountAsync(_host, $"select count(*) from ticketing.tasks where {where}");
}
