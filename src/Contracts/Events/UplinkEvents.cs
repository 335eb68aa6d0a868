namespace Appliance.Contracts;

/// <summary>A peer said that it has taken what we shared.</summary>
[Event("uplink.share-acknowledged")]
public sealed record ShareAcknowledged : EventRecord
{
    /// <summary>The peer.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>Its name.</summary>
    public required string PeerName { get; init; }

    /// <summary>What was shared: <c>incident/…</c> or <c>advisory/…</c>, the aggregate of the source event.</summary>
    public required string Subject { get; init; }

    /// <summary>When the peer took it, by its clock.</summary>
    public required DateTimeOffset AcknowledgedAt { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => Subject;
}

/// <summary>A peer's indicator was accepted: the sensors may look for it.</summary>
[Event("uplink.indicator-received")]
public sealed record IndicatorReceived : EventRecord
{
    /// <summary>STIX id of the indicator.</summary>
    public required string StixId { get; init; }

    /// <summary>The peer it came from.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>What to look for.</summary>
    public required IReadOnlyList<Observable> Observables { get; init; }

    /// <summary>When it ceases to be valid, or null.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"indicator/{StixId}";
}

/// <summary>A peer's warning was accepted: it belongs on the assess desk.</summary>
[Event("uplink.warning-received")]
public sealed record WarningReceived : EventRecord
{
    /// <summary>STIX id of the report.</summary>
    public required string StixId { get; init; }

    /// <summary>The peer it came from.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>The peer's name.</summary>
    public required string PeerName { get; init; }

    /// <summary>Title, written by the peer.</summary>
    public required string Title { get; init; }

    /// <summary>Text, written by the peer.</summary>
    public required string Text { get; init; }

    /// <summary>When the peer published it.</summary>
    public DateTimeOffset PublishedAt { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"warning/{StixId}";
}
