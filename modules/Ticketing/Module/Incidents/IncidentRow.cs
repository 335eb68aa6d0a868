using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Incidents;

/// <summary>An incident as stored.</summary>
internal sealed class IncidentRow
{
    internal const string Columns =
        """
        m.id, m.number, m.title, m.summary, m.state, m.outcome, m.severity, m.rsit_type, m.source, m.owner_id, m.owner_name, m.constituents, m.constituent_names, m.from_alerts,
        m.first_seen, m.opened_at, m.changed_at, m.changed_by, m.state_since, m.due_at, m.confirmed_at, m.closed_at, m.version, m.tlp, m.pap, m.exercise, m.named,
        m.impact, m.urgency, m.snoozed_until, m.snooze_reason, m.merged_into, m.root_id, m.merge_act, m.take_up_due_at, m.taken_at, m.resolve_due_at, m.resolve_left_minutes, m.resolved_at, m.escalated_at
        """;

    private const string ByNumber = $"select {Columns} from ticketing.incidents m where m.number = @Number and {Visible.RowsOfConstituents}";

    private const string ForChange = $"select {Columns} from ticketing.incidents m where m.id = @Id and {Visible.RowsOfConstituents} for update";

    private const string AllForChange = $"select {Columns} from ticketing.incidents m where m.id = any(@Ids) and {Visible.RowsOfConstituents} order by m.id for update";

    public Guid Id { get; set; }

    public string Number { get; set; } = "";

    public string Title { get; set; } = "";

    public string Summary { get; set; } = "";

    public string State { get; set; } = "";

    public string? Outcome { get; set; }

    public int Severity { get; set; }

    public string RsitType { get; set; } = "";

    public string Source { get; set; } = "";

    public Guid? OwnerId { get; set; }

    public string? OwnerName { get; set; }

    public Guid[] Constituents { get; set; } = [];

    public string[] ConstituentNames { get; set; } = [];

    public Guid? FromAlerts { get; set; }

    public DateTimeOffset? FirstSeen { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    public string ChangedBy { get; set; } = "";

    public DateTimeOffset StateSince { get; set; }

    public DateTimeOffset? DueAt { get; set; }

    public DateTimeOffset? ConfirmedAt { get; set; }

    public DateTimeOffset? ClosedAt { get; set; }

    public int Version { get; set; }

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public int? Impact { get; set; }

    public int? Urgency { get; set; }

    public DateTimeOffset? SnoozedUntil { get; set; }

    public string? SnoozeReason { get; set; }

    public Guid? MergedInto { get; set; }

    public Guid? RootId { get; set; }

    public Guid? MergeAct { get; set; }

    public DateTimeOffset? TakeUpDueAt { get; set; }

    public DateTimeOffset? TakenAt { get; set; }

    public DateTimeOffset? ResolveDueAt { get; set; }

    public int? ResolveLeftMinutes { get; set; }

    public DateTimeOffset? ResolvedAt { get; set; }

    public DateTimeOffset? EscalatedAt { get; set; }

    public IncidentId IncidentId => new(Id);

    public string Subject => $"incident/{Id}";

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    /// <summary>The incident with that number, when <paramref name="viewer"/> may see it.</summary>
    public static Task<IncidentRow?> FindAsync(Database database, Viewer viewer, string number, CancellationToken cancel) =>
        database.FindAsync<IncidentRow>(ByNumber, Visible.With(viewer, new { Number = number }), cancel);

    /// <summary>The incident, locked for the act, when its viewer may see it; one that was merged answers as the incident that it is part of.</summary>
    public static async Task<IncidentRow?> LockAsync(Work work, IncidentId id, CancellationToken cancel)
    {
        var found = await FindAsync(work, id.Value, cancel);
        return found?.RootId is { } root ? await FindAsync(work, root, cancel) : found;
    }

    /// <summary>Those of the incidents that the viewer may see, locked in one order, so that two acts on the same ones never wait for each other.</summary>
    public static Task<IReadOnlyList<IncidentRow>> LockAllAsync(Work work, IReadOnlyList<IncidentId> ids, CancellationToken cancel) =>
        work.QueryAsync<IncidentRow>(AllForChange, Visible.With(work.Viewer, new { Ids = ids.Select(i => i.Value).ToArray() }), cancel);

    private static Task<IncidentRow?> FindAsync(Work work, Guid id, CancellationToken cancel) =>
        work.FindAsync<IncidentRow>(ForChange, Visible.With(work.Viewer, new { Id = id }), cancel);
}
