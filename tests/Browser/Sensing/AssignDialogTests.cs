using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Sensing;

/// <summary>Groups given to a colleague by keyboard alone: one, those chosen, and all that match.</summary>
public sealed class AssignDialogTests(SpooledHost stage) : IClassFixture<SpooledHost>
{
    private const string OfLee = "select count(*) from sensing.alert_groups g join identity.users u on u.id = g.owner_id where u.name = 'lee'";

    [Theory]
    [InlineData("en")]
    [InlineData("ar")]
    public async Task A_colleague_is_found_by_typing_and_given_the_rows(string language)
    {
        await using var session = await CaseStage.SignInAsync(stage.Host, "amina", language);
        var page = session.Page;
        await session.KeepingAsync(
            async () =>
            {
                await CaseStage.CountAsync(stage.Host, "with freed as (update sensing.alert_groups set owner_id = null, owner_name = null returning 1) select count(*) from freed");
                const int Before = 0;
                await page.GotoAsync("/sense/inbox");
                await Assertions.Expect(page.Locator("tr[data-key]")).ToHaveCountAsync(SpooledHost.Groups, new() { Timeout = 30_000 });
                await session.PutCursorAsync();
                await page.Keyboard.PressAsync("Shift+A");
                var dialog = page.Locator("dialog[open]");
                await Assertions.Expect(dialog.Locator("input[type=radio]").Last).ToBeVisibleAsync();
                await Assertions.Expect(dialog.Locator("input").First).ToBeFocusedAsync();
                await page.Keyboard.TypeAsync("lee");
                await Assertions.Expect(dialog.Locator("input[type=radio]")).ToHaveCountAsync(1);
                await session.PictureAsync($"sense-assign-{language}");
                Assert.Empty(await Looks.WrongAsync(page));
                await page.Keyboard.PressAsync("Enter");
                await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);
                await AwaitAsync(Before + 1);

                // What matches nobody says so and is not given to anybody.
                await page.Keyboard.PressAsync("j");
                await page.Keyboard.PressAsync("Shift+A");
                await Assertions.Expect(dialog.Locator("input").First).ToBeFocusedAsync();
                await page.Keyboard.TypeAsync("zzz");
                await Assertions.Expect(dialog.Locator("[role=status]")).ToBeVisibleAsync();
                await page.Keyboard.PressAsync("Enter");
                await Assertions.Expect(dialog.Locator("[role=alert]")).ToBeVisibleAsync();
                await page.Keyboard.PressAsync("Escape");
                await Assertions.Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);
                await AwaitAsync(Before + 1);
            },
            stage.Host);
        Assert.True(session.Faults.Count == 0, string.Join("\n", session.Faults));
    }

    private async Task AwaitAsync(long wanted)
    {
        for (var tries = 0; tries < 100 && await CaseStage.CountAsync(stage.Host, OfLee) != wanted; tries++)
            await Task.Delay(100);
        Assert.Equal(wanted, await CaseStage.CountAsync(stage.Host, OfLee));
    }
}
