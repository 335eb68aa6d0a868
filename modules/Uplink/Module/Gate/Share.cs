using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Gate;

/// <summary>Something that may leave, as stored.</summary>
internal sealed class Share
{
    public Guid Id { get; set; }

    /// <summary>Aggregate of the source event: <c>incident/…</c> or <c>advisory/…</c>.</summary>
    public string Subject { get; set; } = "";

    /// <summary>incident or advisory.</summary>
    public string Kind { get; set; } = "";

    public string Number { get; set; } = "";

    public string Title { get; set; } = "";

    public int Revision { get; set; }

    public int Generation { get; set; }

    /// <summary>The event as it came.</summary>
    public string Source { get; set; } = "";

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    /// <summary>pending, signed, approved, returned, withdrawn, superseded.</summary>
    public string State { get; set; } = "";

    /// <summary>Resource key of the rule that applied.</summary>
    public string Rule { get; set; } = "";

    public string MainId { get; set; } = "";

    public DateTimeOffset Created { get; set; }

    public DateTimeOffset Modified { get; set; }

    /// <summary>The bundle as it would leave: canonical JSON.</summary>
    public string Draft { get; set; } = "";

    /// <summary>JSON list of what stays.</summary>
    public string Withheld { get; set; } = "";

    public string LegalBasis { get; set; } = "";

    public byte[]? Frozen { get; set; }

    public byte[]? FrozenSha256 { get; set; }

    public Guid? SignedBy { get; set; }

    public string? SignedName { get; set; }

    public DateTimeOffset? SignedAt { get; set; }

    public Guid? ApprovedBy { get; set; }

    public string? ApprovedName { get; set; }

    public DateTimeOffset? ApprovedAt { get; set; }

    public string? ClosedBy { get; set; }

    public DateTimeOffset? ClosedAt { get; set; }

    public string? Reason { get; set; }

    public DateTimeOffset ArrivedAt { get; set; }

    public Marking Marking => new((Tlp)Tlp, (Pap)Pap, Exercise);

    /// <summary>The columns, for queries on <c>uplink.shares m</c>.</summary>
    public const string Columns =
        """
        m.id, m.subject, m.kind, m.number, m.title, m.revision, m.generation, m.source::text as source, m.tlp, m.pap, m.exercise, m.state, m.rule, m.main_id,
        m.created, m.modified, m.draft, m.withheld::text as withheld, m.legal_basis, m.frozen, m.frozen_sha256, m.signed_by, m.signed_name, m.signed_at,
        m.approved_by, m.approved_name, m.approved_at, m.closed_by, m.closed_at, m.reason, m.arrived_at
        """;

    private const string ById = $"select {Columns} from uplink.shares m where m.id = @id and {Kernel.Permissions.Visible.Rows}";

    public static Task<Share?> FindAsync(Database database, Viewer viewer, Guid id, CancellationToken cancel) =>
        database.FindAsync<Share>(ById, Kernel.Permissions.Visible.With(viewer, new { id }), cancel);

    /// <summary>The share, locked until the end of the act; null when the actor may not know of it.</summary>
    public static Task<Share?> LockAsync(Work work, Guid id, CancellationToken cancel) =>
        work.FindAsync<Share>($"{ById} for update", Kernel.Permissions.Visible.With(work.Viewer, new { id }), cancel);
}
