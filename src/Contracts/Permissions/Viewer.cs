using System.Collections.Frozen;

namespace Appliance.Contracts;

/// <summary>Who asks: the one value that every handler, query and published read interface takes.</summary>
/// <remarks>Immutable and safe to share between threads. Built at log-in and re-read while a circuit lives.</remarks>
public sealed record Viewer
{
    /// <summary>The person, token or module.</summary>
    public required UserId Id { get; init; }

    /// <summary>The name shown to colleagues.</summary>
    public required string Name { get; init; }

    /// <summary>The ids of all permissions held through roles.</summary>
    public required FrozenSet<string> Permissions { get; init; }

    /// <summary>The roles held.</summary>
    public IReadOnlyList<Role> Roles { get; init; } = [];

    /// <summary>The most restrictive TLP this viewer may read unnamed. RED is always by name.</summary>
    public Tlp ReadsUpTo { get; init; } = Tlp.AmberStrict;

    /// <summary>Set for people of a constituent: they see only records of that constituent.</summary>
    public ConstituentId? Constituent { get; init; }

    /// <summary>Set for a peer node: what it may read is decided by the gate.</summary>
    public PeerId? Peer { get; init; }

    /// <summary>Two-letter language of the person: en fr es ar zh ru.</summary>
    public string Language { get; init; } = "en";

    /// <summary>True for the appliance itself (jobs, event handlers): reads everything, and is named in the audit trail by module.</summary>
    public bool IsSystem { get; init; }

    /// <summary>True for who must get a second factor before anything else; holds <see cref="Permission.Enrolling"/> alone.</summary>
    public bool MustEnrol { get; init; }

    /// <summary>True when the viewer holds <paramref name="permission"/>.</summary>
    public bool May(Permission permission) => IsSystem || Permissions.Contains(permission.Id);

    /// <summary>The appliance acting by itself for <paramref name="module"/>.</summary>
    public static Viewer System(string module) => new()
    {
        Id = new UserId(Guid.Empty),
        Name = module,
        Permissions = FrozenSet<string>.Empty,
        ReadsUpTo = Tlp.Red,
        IsSystem = true,
    };
}

/// <summary>The viewer of the current request or circuit.</summary>
public interface ICurrentViewer
{
    /// <summary>The signed-in viewer, or null. Cheap to call; re-read when roles change.</summary>
    ValueTask<Viewer?> FindAsync(CancellationToken cancel = default);
}
