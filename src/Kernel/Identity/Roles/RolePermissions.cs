using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Identity;

/// <summary>What each role may do: the shipped ones as the modules grant it, the appliance's own as stored. Read again after five seconds at most.</summary>
public sealed class RolePermissions(Database database, ModuleSet modules, TimeProvider time)
{
    private const string OwnRoles =
        """
        select o.word, o.title, o.note,
               array(select p.permission from identity.role_permissions p where p.role = o.word and p.granted order by p.permission) as permissions
        from identity.own_roles o
        order by lower(o.title), o.word
        """;

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private RoleMap? _map;
    private long _readAt;

    /// <summary>All permissions of all modules that are switched on.</summary>
    public IReadOnlyList<string> All => [.. modules.Modules.SelectMany(m => m.Permissions).Select(p => p.Permission.Id).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The same by module, in start order.</summary>
    public IReadOnlyList<(string Module, IReadOnlyList<string> Permissions)> ByModule =>
    [
        .. modules.Modules
            .Where(m => m.Permissions.Count > 0)
            .Select(m => (m.Module.Id, (IReadOnlyList<string>)[.. m.Permissions.Select(p => p.Permission.Id).Distinct().Order(StringComparer.Ordinal)])),
    ];

    /// <summary>The permissions of a shipped role.</summary>
    public FrozenSet<string> DefaultsOf(Role role) =>
        modules.Modules.SelectMany(m => m.Permissions).Where(p => p.Roles.Contains(role)).Select(p => p.Permission.Id).ToFrozenSet();

    /// <summary>The permissions of each role.</summary>
    public async Task<RoleMap> ReadAsync(CancellationToken cancel)
    {
        lock (_lock)
            if (_map is { } known && time.GetElapsedTime(_readAt) < s_fresh)
                return known;
        var at = time.GetTimestamp();
        var own = await database.QueryAsync<OwnRow>(OwnRoles, null, cancel);
        var shipped = Enum.GetValues<Role>().ToFrozenDictionary(r => r, Shipped);
        // A right of a module that is switched off is nobody's.
        var listed = All.ToFrozenSet();
        var map = new RoleMap(shipped, own.ToFrozenDictionary(o => o.Word, o => new OwnRole(o.Word, o.Title, o.Note, [.. o.Permissions.Where(listed.Contains)])));
        lock (_lock)
            (_map, _readAt) = (map, at);
        return map;
    }

    /// <summary>Forgets what was read, after a change.</summary>
    internal void Forget()
    {
        lock (_lock)
            _map = null;
    }

    /// <summary>Every person is signed in and may get a second factor; peers are no persons.</summary>
    private FrozenSet<string> Shipped(Role role) =>
        role == Role.Peer ? DefaultsOf(role) : DefaultsOf(role).Append(Permission.SignedIn.Id).Append(Permission.Enrolling.Id).ToFrozenSet();

    /// <summary>A role as stored: its name in lower case.</summary>
    internal static string Word(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>Reads a stored role; null for an own one and for one of another release.</summary>
    internal static Role? Read(string word) => Enum.TryParse<Role>(word, ignoreCase: true, out var role) && Enum.IsDefined(role) && !char.IsDigit(word[0]) ? role : null;

    private sealed class OwnRow
    {
        public string Word { get; set; } = "";

        public string Title { get; set; } = "";

        public string Note { get; set; } = "";

        public string[] Permissions { get; set; } = [];
    }
}

/// <summary>A role that the appliance made for itself.</summary>
/// <param name="Word">As stored with its holders: <c>own:night-shift</c>.</param>
/// <param name="Title">Shown to people.</param>
/// <param name="Note">What it is for.</param>
/// <param name="Permissions">What it may do.</param>
public sealed record OwnRole(string Word, string Title, string Note, string[] Permissions);

/// <summary>What every role may do, read at one time.</summary>
public sealed class RoleMap
{
    private readonly FrozenDictionary<Role, FrozenSet<string>> _shipped;
    private readonly FrozenDictionary<string, OwnRole> _own;

    internal RoleMap(FrozenDictionary<Role, FrozenSet<string>> shipped, FrozenDictionary<string, OwnRole> own) => (_shipped, _own) = (shipped, own);

    /// <summary>The permissions of a shipped role.</summary>
    public FrozenSet<string> this[Role role] => _shipped[role];

    /// <summary>The appliance's own roles, by title.</summary>
    public IReadOnlyList<OwnRole> Own => [.. _own.Values.OrderBy(o => o.Title, StringComparer.CurrentCultureIgnoreCase)];

    /// <summary>The own role stored as <paramref name="word"/>, or null.</summary>
    public OwnRole? Find(string word) => _own.GetValueOrDefault(word);

    /// <summary>What one stored role may do; nothing for a role nobody knows.</summary>
    public IEnumerable<string> Of(string word) => RolePermissions.Read(word) is { } role ? _shipped[role] : Find(word)?.Permissions ?? [];

    /// <summary>What several stored roles may do together.</summary>
    public FrozenSet<string> Of(IEnumerable<string> words) => words.SelectMany(Of).ToFrozenSet();
}
