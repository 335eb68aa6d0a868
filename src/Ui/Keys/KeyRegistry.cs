using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>A key that works everywhere or in every list.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="TextKey">Resource key of what it does.</param>
/// <param name="Path">Page it goes to, when it is in the viewer's rail.</param>
/// <param name="Area">Else the first page of this area, when the viewer has one.</param>
public sealed record KnownKey(string Keys, string TextKey, string? Path = null, string? Area = null)
{
    /// <summary>Where it leads this viewer, or null when nowhere.</summary>
    internal string? Target(IReadOnlyList<NavigationLink> links) =>
        links.FirstOrDefault(l => l.Path == Path)?.Path ?? links.FirstOrDefault(l => l.Area == Area)?.Path;
}

/// <summary>The keys that do not belong to one page. Pages add theirs with <c>KeyBind</c>, <c>ActButton.Keys</c> and <c>RowAction</c>.</summary>
public static class KeyRegistry
{
    /// <summary>Keys of the shell.</summary>
    public static IReadOnlyList<KnownKey> Global { get; } =
    [
        new("/", "ui.key.search"),
        new("?", "ui.key.sheet"),
        new("Ctrl+K", "ui.commands"),
        new("g h", "ui.key.home", "/"),
        new("g i", "ui.key.inbox", "/sense/inbox", "sense"),
        new("g e", "ui.key.events", "/sense/events"),
        new("g t", "ui.key.tickets", Area: "tickets"),
        new("g w", "ui.key.watch", Area: "watch"),
        new("g s", "ui.key.share", Area: "share"),
        new("g d", "ui.key.directory", Area: "directory"),
        new("g r", "ui.key.readiness", Area: "readiness"),
        new("g a", "ui.key.admin", Area: "admin"),
        new("c", "ui.key.new-ticket", "/tickets/new"),
    ];

    /// <summary>Keys of every list.</summary>
    public static IReadOnlyList<KnownKey> Lists { get; } =
    [
        new("j", "ui.key.down"),
        new("k", "ui.key.up"),
        new("Enter", "ui.key.open"),
        new("o", "ui.key.open-tab"),
        new("x", "ui.key.select"),
        new("Shift+x", "ui.key.select-range"),
        new("* a", "ui.key.select-all"),
        new("* m", "ui.key.select-matching"),
        new("* n", "ui.key.select-none"),
        new("* 1", "ui.key.select-alike"),
        new(".", "ui.key.row-menu"),
        new("n", "ui.key.next-page"),
        new("p", "ui.key.previous-page"),
        new("u", "ui.key.undo"),
    ];
}
