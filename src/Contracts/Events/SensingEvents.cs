using System.Net;

namespace Appliance.Contracts;

/// <summary>An operator decided that a group of alerts is worth an incident.</summary>
[Event("sensing.alert-escalated")]
public sealed record AlertEscalated : EventRecord
{
    /// <summary>The group; its alerts stay in Sensing and are shown from there.</summary>
    public required AlertGroupId Group { get; init; }

    /// <summary>Signature id of the rule.</summary>
    public required long SignatureId { get; init; }

    /// <summary>The rule's message, written by a stranger.</summary>
    public required string Signature { get; init; }

    /// <summary>The rule's class, for example <c>attempted-admin</c>.</summary>
    public string Category { get; init; } = "";

    /// <summary>1 (worst) to 4, as EVE counts.</summary>
    public required int Severity { get; init; }

    /// <summary>Source address of the flow, textual as PostgreSQL's inet takes it.</summary>
    public required string Source { get; init; }

    /// <summary>Destination address of the flow.</summary>
    public required string Destination { get; init; }

    /// <summary>First packet that alerted, UTC.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>Last packet that alerted, UTC.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>Alerts in the group when it was escalated.</summary>
    public required long Count { get; init; }

    /// <summary>The affected organisation by address look-up, when one was found.</summary>
    public ConstituentId? Constituent { get; init; }

    /// <summary>That organisation's name at that time.</summary>
    public string? ConstituentName { get; init; }

    /// <summary>Names, URLs and hashes seen in the alerts, as type and value (<c>domain</c>, <c>url</c>, <c>ipv4</c>, <c>sha256</c>).</summary>
    public IReadOnlyList<Observable> Observables { get; init; } = [];

    /// <summary>Who escalated it.</summary>
    public required UserId By { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"alert-group/{Group}";

    /// <summary>Parses <see cref="Source"/>.</summary>
    public IPAddress SourceAddress() => IPAddress.Parse(Source);
}

/// <summary>A technical trace: type and value, as written by a stranger.</summary>
/// <param name="Type">ipv4 ipv6 domain url email md5 sha1 sha256 asn cve.</param>
/// <param name="Value">The value, not defanged.</param>
public sealed record Observable(string Type, string Value);
