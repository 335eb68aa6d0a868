using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A playbook as it stands.</summary>
/// <param name="Shipped">True when it came with the product, changed or not.</param>
/// <param name="ChangedAt">Null for one left as it was shipped.</param>
internal sealed record Playbook(Guid Id, int Version, PlaybookFields Fields, bool Shipped, DateTimeOffset? ChangedAt = null, string? ChangedBy = null, DateTimeOffset? RetiredAt = null)
{
    /// <summary>How well it fits an incident; null where it does not suggest itself. Its type says more than its class, and a severity named says more than all.</summary>
    public PlaybookMatch? Match(string rsitType, int severity)
    {
        if (RetiredAt is not null || (Fields.Severities.Count > 0 && !Fields.Severities.Contains(severity)))
            return null;
        var named = Fields.Severities.Count > 0 ? 1 : 0;
        // A local type is nearer than the taxonomy's type that it stands below.
        if (Rsit.IsLocal(rsitType) && Fields.Types.Contains(rsitType))
            return new(6 + named, rsitType, named > 0 ? severity : null);
        var type = Rsit.TypeOf(rsitType);
        if (Fields.Types.Contains(type))
            return new(4 + named, type, named > 0 ? severity : null);
        if (Fields.Types.Contains(Rsit.ClassOf(rsitType)))
            return new(2 + named, Rsit.ClassOf(rsitType), named > 0 ? severity : null);
        return Fields.Types.Count == 0 && named > 0 ? new(1, null, severity) : null;
    }
}

/// <summary>Why a playbook suggests itself.</summary>
/// <param name="Score">The higher, the nearer.</param>
/// <param name="Type">The class or type that it is bound to, or null.</param>
/// <param name="Severity">The severity that it is bound to, or null.</param>
internal sealed record PlaybookMatch(int Score, string? Type, int? Severity);
