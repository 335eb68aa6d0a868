using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Identity;

/// <summary>What each role may do: what the modules grant from the start, with the appliance's own changes. Read again after five seconds at most.</summary>
public sealed class RolePermissions(Database database, ModuleSet modules, TimeProvider time)
{
    private const string Changes = "select role, permission, granted from identity.role_permissions";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private FrozenDictionary<Role, FrozenSet<string>>? _map;
    private long _readAt;

    /// <summary>The permissions of one role from the start, without the appliance's changes.</summary>
    public FrozenSet<string> DefaultsOf(Role role) =>
        modules.Modules.SelectMany(m => m.Permissions).Where(p => p.Roles.Contains(role)).Select(p => p.Permission.Id).ToFrozenSet();

    /// <summary>All permissions of all modules that are switched on.</summary>
    public IReadOnlyList<string> All => [.. modules.Modules.SelectMany(m => m.Permissions).Select(p => p.Permission.Id).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The permissions of each role.</summary>
    public async Task<FrozenDictionary<Role, FrozenSet<string>>> ReadAsync(CancellationToken cancel)
    {
        lock (_lock)
            if (_map is { } known && time.GetElapsedTime(_readAt) < s_fresh)
                return known;
        var at = time.GetTimestamp();
        var changes = await database.QueryAsync<ChangeRow>(Changes, null, cancel);
        var map = Enum.GetValues<Role>().ToFrozenDictionary(r => r, r => Apply(r, changes));
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

    private FrozenSet<string> Apply(Role role, IEnumerable<ChangeRow> changes)
    {
        var set = DefaultsOf(role).ToHashSet();
        // A pseudo-permission that every person holds; peers do not.
        if (role != Role.Peer)
            set.Add(Permission.SignedIn.Id);
        foreach (var change in changes.Where(c => c.Role == Word(role)))
            _ = change.Granted ? set.Add(change.Permission) : set.Remove(change.Permission);
        return set.ToFrozenSet();
    }

    /// <summary>A role as stored: its name in lower case.</summary>
    internal static string Word(Role role) => role.ToString().ToLowerInvariant();

    /// <summary>Reads a stored role; null for one of another release.</summary>
    internal static Role? Read(string word) => Enum.TryParse<Role>(word, ignoreCase: true, out var role) && Enum.IsDefined(role) && !char.IsDigit(word[0]) ? role : null;

    private sealed class ChangeRow
    {
        public string Role { get; set; } = "";

        public string Permission { get; set; } = "";

        public bool Granted { get; set; }
    }
}
