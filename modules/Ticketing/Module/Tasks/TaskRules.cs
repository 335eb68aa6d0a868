using Appliance.Contracts;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Tasks;

/// <summary>A step that a task may take.</summary>
/// <param name="From">State before.</param>
/// <param name="To">State after.</param>
/// <param name="NeedsReason">True when the step must say why.</param>
internal sealed record TaskStep(string From, string To, bool NeedsReason = false);

/// <summary>The life of a task, as data, and what may be written in it.</summary>
internal static class TaskRules
{
    public const string Open = "open", Doing = "doing", Finished = "done", Skipped = "skipped";

    public const string Owner = "owner", Any = "any", OfRole = "role:";

    /// <summary>A year of working time.</summary>
    public const int MostMinutes = 525_600;

    /// <summary>So many tasks an incident holds.</summary>
    public const int Most = 300;

    public const int LongestTitle = 300, LongestText = 5000, LongestWord = 2000;

    /// <summary>The roles that a task may wait for: those that work on incidents.</summary>
    public static IReadOnlyList<Role> Roles { get; } = [Role.Manager, Role.Analyst, Role.Operator];

    /// <summary>Whom a task may wait for.</summary>
    public static IReadOnlyList<string> Whos { get; } = [Owner, Any, .. Roles.Select(WhoOf)];

    /// <summary>All steps.</summary>
    public static IReadOnlyList<TaskStep> Steps { get; } =
    [
        new(Open, Doing),
        new(Open, Finished),
        new(Open, Skipped, NeedsReason: true),
        new(Doing, Finished),
        new(Doing, Open),
        new(Doing, Skipped, NeedsReason: true),
        new(Finished, Open),
        new(Skipped, Open),
    ];

    /// <summary>True where nothing is left to do.</summary>
    public static bool IsEnd(string state) => state is Finished or Skipped;

    /// <summary>What may follow.</summary>
    public static IEnumerable<TaskStep> From(string state) => Steps.Where(s => s.From == state);

    public static bool IsWho(string? who) => who is not null && Whos.Contains(who);

    public static bool IsDue(int? minutes) => minutes is null or (>= 1 and <= MostMinutes);

    /// <summary>How a task names a role.</summary>
    public static string WhoOf(Role role) => OfRole + role.ToString().ToLowerInvariant();

    /// <summary>One line and a plain text in each language, of the six alone, in at least one.</summary>
    public static bool AreTexts(IReadOnlyDictionary<string, StepText> texts) => texts.Count > 0 && texts.All(t => Languages.All.Contains(t.Key) && IsText(t.Value.Title, t.Value.Text));

    public static bool IsText(string title, string text) => title.Length is > 0 and <= LongestTitle && !title.Any(char.IsControl) && text.Length <= LongestText && !text.Contains('\0', StringComparison.Ordinal);

    /// <summary>Trimmed, without languages in which nothing is said.</summary>
    public static IReadOnlyDictionary<string, StepText> Tidy(IReadOnlyDictionary<string, StepText>? texts) =>
        (texts ?? new Dictionary<string, StepText>()).Select(t => (t.Key, Title: (t.Value?.Title ?? "").Trim(), Text: (t.Value?.Text ?? "").Trim()))
            .Where(t => t.Title.Length > 0 || t.Text.Length > 0)
            .ToDictionary(t => t.Key, t => new StepText(t.Title, t.Text));
}
