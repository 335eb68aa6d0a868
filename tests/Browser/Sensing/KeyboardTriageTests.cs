using System.Globalization;
using System.Text;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Sensing;

/// <summary>A hundred groups decided without touching the mouse, in English and in Arabic: closed, put away, taken, escalated, gathered, suppressed and taken back.</summary>
public sealed class KeyboardTriageTests
{
    private const int Groups = 100;

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task A_hundred_groups_are_triaged_by_keyboard_alone(string language)
    {
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true" });
        var (code, output) = await host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        Put(host.SensorFolder);
        await using var session = await CaseStage.SignInAsync(host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(
            async () =>
            {
                for (var tries = 0; await CaseStage.CountAsync(host, "select count(*) from sensing.alert_groups") < Groups; tries++)
                {
                    Assert.True(tries < 150, host.Process.Output);
                    await Task.Delay(200);
                }

                await page.GotoAsync("/sense/inbox");
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(50, new() { Timeout = 30_000 });
                await session.PutCursorAsync();
                await session.PictureAsync($"sense-inbox-hundred-{language}");
                var (list, preview) = ((await page.Locator("section.list").BoundingBoxAsync())!, (await page.Locator("aside.card").First.BoundingBoxAsync())!);
                Assert.True(list.Width > preview.Width && Math.Abs(list.Y - preview.Y) < 120, $"the preview stands at {preview.X}, {preview.Y}, the list at {list.X}, {list.Y}, {list.Width} wide");

                // One by one: the verbs, and the last one taken back.
                foreach (var key in new[] { "e", "e", "z", "s", "e", "e", "z", "e" })
                    await DecideAsync(page, key);
                await page.Keyboard.PressAsync("u");
                await LeftAsync(host, "open", Groups - 7);

                // Gathered by signature with one key: the line under the cursor stands for its ten groups.
                await page.Keyboard.PressAsync("v");
                await page.WaitForURLAsync(url => url.Contains("by=signature", StringComparison.Ordinal));
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(10, new() { Timeout = 15_000 });
                for (var tries = 0; tries < 50 && await page.Locator("tr[data-cursor]").CountAsync() == 0; tries++)
                {
                    await page.Keyboard.PressAsync("j");
                    await Task.Delay(200);
                }

                await session.PictureAsync($"sense-inbox-gathered-{language}");
                await page.Keyboard.PressAsync("e");
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(9, new() { Timeout = 15_000 });

                // The rest at once, from the list of groups: all shown, then all that match.
                await page.GotoAsync("/sense/inbox");
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(50, new() { Timeout = 30_000 });
                await session.PutCursorAsync();
                await page.Keyboard.PressAsync("*");
                await page.Keyboard.PressAsync("m");
                await Assertions.Expect(page.Locator(".bulk")).ToBeVisibleAsync(new() { Timeout = 15_000 });
                await page.Keyboard.PressAsync("e");
                // The question stands with the focus on "no": one Tab, and Enter is the act.
                await Assertions.Expect(page.Locator("dialog[open] footer .button").First).ToBeFocusedAsync(new() { Timeout = 15_000 });
                await page.Keyboard.PressAsync("Tab");
                await Assertions.Expect(page.Locator("dialog[open] footer .primary")).ToBeFocusedAsync(new() { Timeout = 15_000 });
                await page.Keyboard.PressAsync("Enter");
                await LeftAsync(host, "open", 0);
                Assert.Equal(2, await CaseStage.CountAsync(host, "select count(*) from sensing.alert_groups where state = 'snoozed'"));
                Assert.Equal(1, await CaseStage.CountAsync(host, "select count(*) from sensing.alert_groups where state = 'escalated'"));
                Assert.Equal(Groups - 3, await CaseStage.CountAsync(host, "select count(*) from sensing.alert_groups where state = 'closed' and verdict = 'benign'"));
            },
            host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    /// <summary>Presses a verb on the row under the cursor and waits until that row has gone.</summary>
    private static async Task DecideAsync(IPage page, string key)
    {
        var row = await page.Locator("tr[data-cursor]").GetAttributeAsync("data-key");
        await page.Keyboard.PressAsync(key);
        await Assertions.Expect(page.Locator($"tr[data-key='{row}']")).ToHaveCountAsync(0, new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("tr[data-cursor]")).ToHaveCountAsync(1, new() { Timeout = 15_000 });
    }

    private static async Task LeftAsync(HostProcess host, string state, long wanted)
    {
        for (var tries = 0; tries < 150; tries++)
        {
            if (await CaseStage.CountAsync(host, $"select count(*) from sensing.alert_groups where state = '{state}'") == wanted)
                return;
            await Task.Delay(100);
        }

        Assert.Equal(wanted, await CaseStage.CountAsync(host, $"select count(*) from sensing.alert_groups where state = '{state}'"));
    }

    /// <summary>Ten signatures from ten sources each, as the engine would write them.</summary>
    private static void Put(string folder)
    {
        var spool = Directory.CreateDirectory(Path.Combine(folder, "spool")).FullName;
        var lines = new StringBuilder();
        var seen = TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture);
        for (var i = 0; i < Groups; i++)
            lines.Append(CultureInfo.InvariantCulture, $"{{\"timestamp\":\"{seen}\",\"flow_id\":{i},\"event_type\":\"alert\",\"src_ip\":\"198.51.100.{i}\",\"src_port\":1025,\"dest_ip\":\"10.0.0.{i % 7}\",\"dest_port\":80,\"proto\":\"TCP\",\"alert\":{{\"action\":\"allowed\",\"gid\":1,\"signature_id\":{9000 + (i / 10)},\"rev\":1,\"signature\":\"Probe number {i / 10}\",\"category\":\"Misc\",\"severity\":{1 + (i / 10 % 3)}}}}}\n");
        File.WriteAllText(Path.Combine(spool, "alerts-0000000001.open"), lines.ToString());
        File.Move(Path.Combine(spool, "alerts-0000000001.open"), Path.Combine(spool, "alerts-0000000001.json"));
    }
}
