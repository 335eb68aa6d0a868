using Microsoft.Playwright;

namespace Appliance.Tests.Case;

/// <summary>What the people of the case do, each step on the page where it is done; every wait is for what the page says, not for a time.</summary>
public static class CasePages
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 60_000 };

    /// <summary>Goes to <paramref name="path"/> and waits until the page answers.</summary>
    public static async Task GoAsync(this BrowserSession session, string path)
    {
        await session.Page.GotoAsync(path);
        await session.Page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 60_000 });
    }

    /// <summary>Waits until <paramref name="text"/> stands on the page.</summary>
    public static Task SeesAsync(this BrowserSession session, string text) => Assertions.Expect(session.Page.GetByText(text).First).ToBeVisibleAsync(s_soon);

    /// <summary>Moves the inbox's cursor until its preview follows: keys pressed before the page answers are lost, as a person sees.</summary>
    public static async Task PutCursorAsync(this BrowserSession session)
    {
        var preview = session.Page.Locator("aside.card h2").First;
        for (var tries = 0; tries < 60 && !await preview.IsVisibleAsync(); tries++)
        {
            await session.Page.Keyboard.PressAsync("j");
            await Task.Delay(1000, TestContext.Current.CancellationToken);
        }

        await Assertions.Expect(preview).ToBeVisibleAsync(s_soon);
    }

    /// <summary>Confirms that the incident is real, and answers the question that is asked first.</summary>
    public static async Task ConfirmIncidentAsync(this BrowserSession session, string number)
    {
        await session.GoAsync($"/tickets/{number}");
        await session.PressAsync("Confirm");
        await session.Page.Locator("dialog[open] button.primary").ClickAsync();
        await session.SeesAsync("Confirmed.");
    }

    /// <summary>Mails the organisation's contact: the recipient is chosen already because the directory knows it.</summary>
    public static async Task TellAsync(this BrowserSession session, string number, string contact, string subject, string text)
    {
        await session.GoAsync($"/tickets/{number}");
        await session.PressAsync("Mail to organisation");
        await Assertions.Expect(session.Page.Locator("label", new() { HasText = contact }).Locator("input[type=checkbox]")).ToBeCheckedAsync(new() { Timeout = 60_000 });
        await session.FillAsync("Subject", subject);
        await session.FillAsync("Text", text);
        await session.PressAsync("Send");
        await session.SeesAsync("Queued.");
    }

    /// <summary>Writes an advisory and asks for its review; answers its number.</summary>
    public static async Task<string> WriteAdvisoryAsync(this BrowserSession session, string title, string summary, string body, string observable)
    {
        await session.GoAsync("/watch/advisories/new");
        await session.FillAsync("Title", title);
        await session.Page.GetByLabel("Who may read it", new() { Exact = true }).SelectOptionAsync("TLP:GREEN");
        await session.FillAsync("Summary", summary);
        await session.FillAsync("Text", body);
        await session.Page.GetByLabel("Indicators").FillAsync(observable);
        await session.PressAsync("Save draft");
        await session.Page.WaitForURLAsync(url => url.Contains("/watch/advisories/", StringComparison.Ordinal) && !url.EndsWith("/new", StringComparison.Ordinal));
        await session.PressAsync("Ask for review");
        await session.SeesAsync("In review");
        // Its author finds no way to approve it.
        Assert.Equal(0, await session.Page.Locator("button:enabled", new() { HasText = "Approve" }).CountAsync());
        return new Uri(session.Page.Url).Segments[^1];
    }

    /// <summary>The second person approves and publishes.</summary>
    public static async Task PublishAdvisoryAsync(this BrowserSession session, string number)
    {
        await session.GoAsync($"/watch/advisories/{number}");
        await session.PressAsync("Approve");
        await session.PressAsync("Publish");
        await session.Page.Locator("dialog[open] button.primary").ClickAsync();
        await Assertions.Expect(session.Page.Locator("h1 ~ *, header").GetByText("Published", new() { Exact = true }).First).ToBeVisibleAsync(s_soon);
    }

    /// <summary>Approves what waits at the gate, as often as <paramref name="count"/>, each with the legal basis.</summary>
    public static async Task ApproveSharesAsync(this BrowserSession session, int count)
    {
        for (var left = count; left > 0; left--)
        {
            await WaitForSharesAsync(session, left);
            await session.Page.Locator("tr[data-key] a").First.ClickAsync();
            await session.Page.WaitForURLAsync(url => System.Text.RegularExpressions.Regex.IsMatch(url, "/share/outbox/[0-9a-f-]{36}"));
            await session.Page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'");
            // Nothing is chosen beforehand: who receives it is the approver's decision.
            await session.Page.Locator("fieldset.checks input[type=checkbox]:enabled").First.CheckAsync();
            await session.FillAsync("Legal basis", "decree 12");
            if (left == count)
                await session.PictureAsync("case-gate");
            await session.PressAsync("Approve");
            await session.SeesAsync("decree 12");
            await Assertions.Expect(session.Page.GetByLabel("Legal basis", new() { Exact = true })).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        }
    }

    // The gate hears of a confirmed incident and a published advisory a moment later.
    private static async Task WaitForSharesAsync(BrowserSession session, int count)
    {
        for (var tries = 0; ; tries++)
        {
            await session.GoAsync("/share/outbox?state=pending");
            var found = await session.Page.Locator("tr[data-key]").CountAsync();
            if (found >= count)
                return;
            Assert.True(tries < 60, $"{found} of {count} shares wait at the gate after {tries} looks");
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
    }

    private static Task FillAsync(this BrowserSession session, string label, string value) => session.Page.GetByLabel(label, new() { Exact = true }).FillAsync(value);

    private static Task PressAsync(this BrowserSession session, string name) =>
        session.Page.Locator("button:visible", new() { Has = session.Page.GetByText(name, new() { Exact = true }) }).Or(session.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true })).First.ClickAsync();
}
