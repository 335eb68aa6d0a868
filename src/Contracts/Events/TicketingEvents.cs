namespace Appliance.Contracts;

/// <summary>An incident was opened from an alert, a report, the form or the API.</summary>
[Event("ticketing.incident-opened")]
public sealed record IncidentOpened : EventRecord
{
    /// <summary>The incident.</summary>
    public required IncidentId Incident { get; init; }

    /// <summary>Its number as people say it, for example <c>INC-2026-00017</c>.</summary>
    public required string Number { get; init; }

    /// <summary>Its title.</summary>
    public required string Title { get; init; }

    /// <summary>The alert group it came from, when it came from one.</summary>
    public AlertGroupId? FromAlerts { get; init; }

    /// <summary>Organisations affected.</summary>
    public IReadOnlyList<ConstituentId> Constituents { get; init; } = [];

    /// <inheritdoc/>
    public override string Aggregate => $"incident/{Incident}";
}

/// <summary>An analyst confirmed that the incident is real: it may now be shared if the gate lets it.</summary>
[Event("ticketing.incident-confirmed")]
public sealed record IncidentConfirmed : EventRecord
{
    /// <summary>The incident.</summary>
    public required IncidentId Incident { get; init; }

    /// <summary>Its number.</summary>
    public required string Number { get; init; }

    /// <summary>Its title.</summary>
    public required string Title { get; init; }

    /// <summary>Reference Security Incident Taxonomy class and type, for example <c>intrusion-attempts/ids-alert</c>.</summary>
    public required string RsitType { get; init; }

    /// <summary>1 (worst) to 4.</summary>
    public required int Severity { get; init; }

    /// <summary>What was seen.</summary>
    public IReadOnlyList<Observable> Observables { get; init; } = [];

    /// <summary>When the first trace was seen, UTC.</summary>
    public DateTimeOffset? FirstSeen { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"incident/{Incident}";
}

/// <summary>An incident reached its end.</summary>
[Event("ticketing.incident-closed")]
public sealed record IncidentClosed : EventRecord
{
    /// <summary>The incident.</summary>
    public required IncidentId Incident { get; init; }

    /// <summary>Its number.</summary>
    public required string Number { get; init; }

    /// <summary>The outcome: resolved, false-positive, duplicate, out-of-scope.</summary>
    public required string Outcome { get; init; }

    /// <summary>The alert group it came from, when it came from one.</summary>
    public AlertGroupId? FromAlerts { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"incident/{Incident}";
}
