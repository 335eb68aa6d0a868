using Appliance.Contracts;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Playbooks;

/// <summary>What a step says in one language.</summary>
/// <param name="Title">One line, at most 300 characters.</param>
/// <param name="Text">Plain instructions, at most 5,000 characters; may be empty.</param>
internal sealed record StepText(string Title, string Text = "");

/// <summary>One step of a playbook.</summary>
/// <param name="Texts">By language; at least one.</param>
/// <param name="Who">owner, any, or a role such as role:analyst.</param>
/// <param name="DueMinutes">Working minutes after the start, or null.</param>
internal sealed record PlaybookStep(IReadOnlyDictionary<string, StepText> Texts, string Who = TaskRules.Any, int? DueMinutes = null);

/// <summary>What people write about a playbook.</summary>
internal sealed record PlaybookFields
{
    public const int MostSteps = 50;

    /// <summary>Its name by language; at least one.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>Classes and types of the taxonomy for which it suggests itself: <c>malicious-code</c>, <c>fraud/phishing</c>.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Severities for which it suggests itself; empty for all.</summary>
    public IReadOnlyList<int> Severities { get; init; } = [];

    /// <summary>What is to be done, in its order.</summary>
    public IReadOnlyList<PlaybookStep> Steps { get; init; } = [];

    /// <summary>Trimmed, without repetition, without languages in which nothing is said.</summary>
    public PlaybookFields Tidy() => new()
    {
        Names = (Names ?? new Dictionary<string, string>()).Where(n => !string.IsNullOrWhiteSpace(n.Value)).ToDictionary(n => n.Key, n => n.Value.Trim()),
        Types = [.. (Types ?? []).Select(t => (t ?? "").Trim()).Distinct()],
        Severities = [.. (Severities ?? []).Distinct().Order()],
        Steps = [.. (Steps ?? []).Select(s => s with { Who = (s.Who ?? "").Trim(), Texts = TaskRules.Tidy(s.Texts) })],
    };

    /// <summary>Everything wrong, at once.</summary>
    public IEnumerable<Refusal> Faults()
    {
        if (Names.Count == 0 || Names.Any(n => !Languages.All.Contains(n.Key) || n.Value.Length > 200 || n.Value.Any(char.IsControl)))
            yield return Refuse.Invalid("ticketing.refused.playbook-name", nameof(Names));
        foreach (var type in Types.Where(t => !Rsit.IsWritten(t) && !Rsit.Classes.Contains(t)))
            yield return Refuse.Invalid("ticketing.refused.rsit", nameof(Types), type);
        if (Severities.Any(s => s is < 1 or > 4))
            yield return Refuse.Invalid("ticketing.refused.severity", nameof(Severities));
        if (Steps.Count is 0 or > MostSteps)
            yield return Refuse.Invalid("ticketing.refused.playbook-steps", nameof(Steps), MostSteps);
        foreach (var (at, step) in Steps.Index())
        {
            // A name in a language promises the steps in it.
            foreach (var language in Names.Keys.Where(l => Languages.All.Contains(l) && !step.Texts.ContainsKey(l)))
                yield return Refuse.Invalid("ticketing.refused.playbook-language", nameof(Steps), at + 1, language);
            if (!TaskRules.AreTexts(step.Texts))
                yield return Refuse.Invalid("ticketing.refused.playbook-step", nameof(Steps), at + 1);
            if (!TaskRules.IsWho(step.Who))
                yield return Refuse.Invalid("ticketing.refused.task-who", nameof(Steps), step.Who);
            if (!TaskRules.IsDue(step.DueMinutes))
                yield return Refuse.Invalid("ticketing.refused.task-due", nameof(Steps), TaskRules.MostMinutes);
        }
    }
}
