using Appliance.Contracts;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Templates;

/// <summary>What a new incident begins with. What is null is not carried.</summary>
internal sealed record TemplateFields
{
    public const int MostNotes = 20;

    /// <summary>By which people choose it.</summary>
    public string Name { get; init; } = "";

    /// <summary>Title of the new incident; <c>{date}</c> and <c>{organisation}</c> are filled when it is opened.</summary>
    public string Title { get; init; } = "";

    public string Summary { get; init; } = "";

    public string? RsitType { get; init; }

    public int? Severity { get; init; }

    public int? Impact { get; init; }

    public int? Urgency { get; init; }

    /// <summary>True where the new incident begins with the label of the template; else with TLP:AMBER or stricter.</summary>
    public bool CarriesMarking { get; init; } = true;

    public IReadOnlyList<PlaybookStep> Tasks { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Trimmed.</summary>
    public TemplateFields Tidy() => this with
    {
        Name = (Name ?? "").Trim(),
        Title = (Title ?? "").Trim(),
        Summary = (Summary ?? "").Trim(),
        Tasks = [.. (Tasks ?? []).Select(t => t with { Texts = TaskRules.Tidy(t.Texts), Who = (t.Who ?? "").Trim() })],
        Notes = [.. (Notes ?? []).Select(n => (n ?? "").Trim()).Where(n => n.Length > 0)],
    };

    /// <summary>Everything wrong, at once.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (Name.Length is 0 or > 200 || Name.Any(char.IsControl))
            yield return Refuse.Invalid("ticketing.refused.template-name", nameof(Name));
        foreach (var fault in new IncidentFields { Title = Title, Summary = Summary, Severity = Severity ?? 3, Impact = Impact, Urgency = Urgency, RsitType = RsitType ?? Rsit.Undetermined }.Faults())
            yield return fault;
        if (Tasks.Count > PlaybookFields.MostSteps)
            yield return Refuse.Invalid("ticketing.refused.playbook-steps", nameof(Tasks), PlaybookFields.MostSteps);
        foreach (var (at, task) in Tasks.Index())
        {
            if (!TaskRules.AreTexts(task.Texts))
                yield return Refuse.Invalid("ticketing.refused.playbook-step", nameof(Tasks), at + 1);
            if (!TaskRules.IsWho(task.Who))
                yield return Refuse.Invalid("ticketing.refused.task-who", nameof(Tasks), task.Who);
            if (!TaskRules.IsDue(task.DueMinutes))
                yield return Refuse.Invalid("ticketing.refused.task-due", nameof(Tasks), TaskRules.MostMinutes);
        }
        if (Notes.Count > MostNotes || Notes.Any(n => n.Length > AddNote.Longest || n.Contains('\0', StringComparison.Ordinal)))
            yield return Refuse.Invalid("ticketing.refused.template-notes", nameof(Notes), MostNotes, AddNote.Longest);
    }

    /// <summary>Every text that would stand in it.</summary>
    public IEnumerable<string> Texts() => [Name, Title, Summary, .. Notes, .. Tasks.SelectMany(t => t.Texts.Values).SelectMany(t => new[] { t.Title, t.Text })];
}
