using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>Short answers to acts, at the foot of the page and read out. One per circuit.</summary>
public sealed class Toasts
{
    private int _last;

    /// <summary>Number of the last toast that offers to take something back: the key for it belongs to whatever came last.</summary>
    internal int LastUndo { get; private set; }

    /// <summary>The next number in the order in which things are told.</summary>
    internal int TakeNumber() => Interlocked.Increment(ref _last);

    /// <summary>Raised when a toast is said.</summary>
    internal event Action<Toast>? Said;

    /// <summary>Says one sentence.</summary>
    public void Say(string text, FigureTone tone = FigureTone.Calm, Func<Task<ActReport>>? undo = null)
    {
        var toast = new Toast(TakeNumber(), text, tone, undo);
        if (undo is not null)
            LastUndo = toast.Id;
        Said?.Invoke(toast);
    }

    /// <summary>Says what an act answered; a refusal stays until it is closed.</summary>
    public void Say(ActReport report, IText texts)
    {
        if (report.Succeeded)
            Say(report.Text, FigureTone.Calm, report.Undo);
        foreach (var refusal in report.Refusals)
            Say(texts[refusal.Key, refusal.Arguments], FigureTone.Urgent);
    }
}

/// <summary>One toast.</summary>
internal sealed record Toast(int Id, string Text, FigureTone Tone, Func<Task<ActReport>>? Undo);

/// <summary>Asks questions in a dialog. One per circuit.</summary>
public sealed class Dialogs
{
    /// <summary>Set by the host part in the layout.</summary>
    internal Func<Question, Task<bool>>? Asker { get; set; }

    /// <summary>True when the person said yes. Static pages cannot ask: false.</summary>
    public Task<bool> ConfirmAsync(string title, string text, string yes, bool danger = false) =>
        Asker?.Invoke(new(title, text, yes, danger)) ?? Task.FromResult(false);
}

/// <summary>A yes-or-no question.</summary>
internal sealed record Question(string Title, string Text, string Yes, bool Danger);
