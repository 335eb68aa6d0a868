using Appliance.Contracts;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Pages.Playbooks;

/// <summary>A playbook while it is written: one language at a time, every text in a place of its own.</summary>
internal sealed class PlaybookWriting
{
    /// <summary>The language that is being written.</summary>
    public string Language { get; set; } = Languages.All[0];

    /// <summary>The version that the writing began from: whoever saved another meanwhile is not written over.</summary>
    public int Version { get; init; }

    /// <summary>What the server keeps of it, or what it began with.</summary>
    public string Kept { get; set; } = "";

    /// <summary>When it was kept; null before anything was.</summary>
    public DateTimeOffset? KeptAt { get; set; }

    public Dictionary<string, string> Names { get; } = [];

    public List<string> Types { get; init; } = [];

    public HashSet<int> Severities { get; init; } = [];

    public List<StepWriting> Steps { get; init; } = [];

    /// <summary>The languages in which something is written.</summary>
    public IEnumerable<string> Written => Languages.All.Where(l => Names.TryGetValue(l, out var name) && name.Trim().Length > 0);

    public static PlaybookWriting Of(PlaybookFields fields, int version, string kept = "", DateTimeOffset? keptAt = null)
    {
        var writing = new PlaybookWriting { Version = version, Kept = kept, KeptAt = keptAt, Types = [.. fields.Types], Severities = [.. fields.Severities], Steps = [.. fields.Steps.Select(StepWriting.Of)] };
        foreach (var (language, name) in fields.Names)
            writing.Names[language] = name;
        writing.Language = writing.Written.Contains(InLanguage.Writer) ? InLanguage.Writer : writing.Written.FirstOrDefault(InLanguage.Writer);
        return writing;
    }

    /// <summary>Nothing was changed yet.</summary>
    public PlaybookWriting Begun()
    {
        Kept = KeptPlaybook.Of(this);
        return this;
    }

    public PlaybookFields Fields() => new() { Names = Names, Types = Types, Severities = [.. Severities], Steps = [.. Steps.Select(s => s.Step())] };

    public void Move(StepWriting step, int by)
    {
        var at = Steps.IndexOf(step) + by;
        if (at < 0 || at >= Steps.Count)
            return;
        Steps.Remove(step);
        Steps.Insert(at, step);
    }
}

/// <summary>A step while it is written.</summary>
internal sealed class StepWriting
{
    public Dictionary<string, string> Titles { get; } = [];

    public Dictionary<string, string> Texts { get; } = [];

    public string Who { get; set; } = TaskRules.Any;

    public int? DueMinutes { get; set; }

    public static StepWriting Of(PlaybookStep step)
    {
        var writing = new StepWriting { Who = step.Who, DueMinutes = step.DueMinutes };
        foreach (var (language, text) in step.Texts)
            (writing.Titles[language], writing.Texts[language]) = (text.Title, text.Text);
        return writing;
    }

    public PlaybookStep Step() => new(
        Languages.All.Where(l => Titles.ContainsKey(l) || Texts.ContainsKey(l)).ToDictionary(l => l, l => new StepText(Titles.GetValueOrDefault(l, ""), Texts.GetValueOrDefault(l, ""))), Who, DueMinutes);
}
