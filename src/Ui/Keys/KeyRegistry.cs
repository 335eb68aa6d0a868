namespace Appliance.Ui;

/// <summary>A key that works everywhere or in every list.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="TextKey">Resource key of what it does.</param>
/// <param name="Path">Page it goes to, or null.</param>
/// <param name="Area">Area that must be in the viewer's rail, or null.</param>
public sealed record KnownKey(string Keys, string TextKey, string? Path = null, string? Area = null);

/// <summary>The keys that do not belong to one page. Pages add theirs with <c>KeyBind</c>, <c>ActButton.Keys</c> and <c>RowAction</c>.</summary>
public static class KeyRegistry
{
    /// <summary>Keys of the shell.</summary>
    public static IReadOnlyList<KnownKey> Global { get; } =
    [
        new("/", "ui.key.search"),
        new("?", "ui.key.sheet"),
        new("g h", "ui.key.home", "/"),
        new("g i", "ui.key.inbox", "/sense/inbox", "sense"),
        new("g e", "ui.key.events", "/sense/events", "sense"),
        new("g t", "ui.key.tickets", "/tickets", "tickets"),
        new("g w", "ui.key.watch", "/watch", "watch"),
        new("g s", "ui.key.share", "/share/outbox", "share"),
        new("g d", "ui.key.directory", "/directory", "directory"),
        new("g r", "ui.key.readiness", "/readiness", "readiness"),
        new("g a", "ui.key.admin", "/admin/health", "admin"),
        new("c", "ui.key.new-ticket", "/tickets/new", "tickets"),
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
        new("* n", "ui.key.select-none"),
        new("n", "ui.key.next-page"),
        new("p", "ui.key.previous-page"),
        new("u", "ui.key.undo"),
    ];
}
