namespace Appliance.Ticketing.Incidents;

/// <summary>Everything of an incident that an act on several may change, as stored with the act: putting it back is the undo.</summary>
internal sealed record IncidentSnapshot
{
    public required string State { get; init; }

    public string? Outcome { get; init; }

    public required DateTimeOffset StateSince { get; init; }

    public required int Severity { get; init; }

    public int? Impact { get; init; }

    public int? Urgency { get; init; }

    public required string RsitType { get; init; }

    public Guid? OwnerId { get; init; }

    public string? OwnerName { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    public DateTimeOffset? SnoozedUntil { get; init; }

    public string? SnoozeReason { get; init; }

    public DateTimeOffset? TakenAt { get; init; }

    public DateTimeOffset? ResolveDueAt { get; init; }

    public int? ResolveLeftMinutes { get; init; }

    public DateTimeOffset? ResolvedAt { get; init; }

    public static IncidentSnapshot Of(IncidentRow row) => new()
    {
        State = row.State,
        Outcome = row.Outcome,
        StateSince = row.StateSince,
        Severity = row.Severity,
        Impact = row.Impact,
        Urgency = row.Urgency,
        RsitType = row.RsitType,
        OwnerId = row.OwnerId,
        OwnerName = row.OwnerName,
        DueAt = row.DueAt,
        ClosedAt = row.ClosedAt,
        SnoozedUntil = row.SnoozedUntil,
        SnoozeReason = row.SnoozeReason,
        TakenAt = row.TakenAt,
        ResolveDueAt = row.ResolveDueAt,
        ResolveLeftMinutes = row.ResolveLeftMinutes,
        ResolvedAt = row.ResolvedAt,
    };
}
