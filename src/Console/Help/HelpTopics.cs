using Appliance.Contracts;

namespace Appliance.Consoles.Help;

/// <summary>A piece of the handbook: its title and text are <c>console.help.{Id}.title</c> and <c>.text</c>.</summary>
/// <param name="Id">Its name, also the anchor.</param>
/// <param name="Pages">Beginnings of the paths of pages it explains; <c>/</c> alone is the home page.</param>
internal sealed record HelpTopic(string Id, params IReadOnlyList<string> Pages)
{
    /// <summary>True when it explains the page at <paramref name="path"/>.</summary>
    public bool Explains(string path) => Pages.Any(p => path == p || (p.Length > 1 && path.StartsWith(p, StringComparison.Ordinal) && (path.Length == p.Length || path[p.Length] == '/')));
}

/// <summary>The handbook, in the order of a case. It is part of the program, so that it answers without a network.</summary>
internal static class HelpTopics
{
    public static IReadOnlyList<HelpTopic> All { get; } =
    [
        new("case", "/"),
        new("inbox", "/sense/inbox", "/sense/alerts"),
        new("query", "/sense/inbox", "/sense/events", "/tickets"),
        new("lists", "/sense/inbox", "/sense/events", "/tickets", "/directory/constituents", "/admin/audit", "/watch", "/share/inbox", "/share/outbox"),
        new("rules", "/sense/rules", "/sense/sensors", "/sense/captures"),
        new("ticket", "/tickets"),
        new("directory", "/directory"),
        new("desk", "/watch"),
        new("advisory", "/watch/advisories"),
        new("share", "/share"),
        new("marking", "/tickets", "/watch/advisories", "/share"),
        new("reports", "/reports"),
        new("keys", "/account"),
        new("people", "/admin/users", "/admin/roles", "/account"),
        new("wall", "/wall"),
        new("notices", "/notices", "/"),
        new("backup", "/admin/backup"),
        new("trouble", "/admin", "/setup"),
    ];

    /// <summary>The topics for a page, the most particular first.</summary>
    public static IReadOnlyList<HelpTopic> For(string path) =>
        [.. All.Where(t => t.Explains(path)).OrderByDescending(t => t.Pages.Where(p => path.StartsWith(p, StringComparison.Ordinal)).Max(p => p.Length)).ThenBy(t => t.Pages.Count)];

    /// <summary>The topics in whose title or text every word stands.</summary>
    public static IReadOnlyList<HelpTopic> With(string words, IText text)
    {
        var all = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. All.Where(t => all.All(w => $"{text[$"console.help.{t.Id}.title"]} {text[$"console.help.{t.Id}.text"]}".Contains(w, StringComparison.CurrentCultureIgnoreCase)))];
    }
}
