using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file kept for an incident, as stored.</summary>
internal class EvidenceRow
{
    internal const string Columns =
        """
        m.id, m.incident_id, m.number, m.name, m.kind, m.size, encode(m.md5, 'hex') as md5, encode(m.sha1, 'hex') as sha1, encode(m.sha256, 'hex') as sha256, m.origin, m.mail_id,
        encode(m.stored, 'hex') as stored, m.sealed_key, m.added_at, m.added_by, m.damaged_at, m.destroyed_at, m.custody_lines, m.custody_head, m.tlp, m.pap, m.exercise, m.named
        """;

    /// <summary>What a viewer may see: their marking covers the file's own and its incident's, and they are staff.</summary>
    internal const string Seen =
        $"({Visible.Rows} and @viewer_constituent::uuid is null and m.incident_id in (select m.id from ticketing.incidents m where {Visible.RowsOfConstituents}))";

    private const string One =
        $"""
        select {Columns}, (select i.number from ticketing.incidents i where i.id = m.incident_id) as incident_number
        from ticketing.evidence m
        where m.id = @Id and {Seen}
        """;

    private const string OneForChange = $"{One} for update";

    public Guid Id { get; set; }

    public Guid IncidentId { get; set; }

    public string IncidentNumber { get; set; } = "";

    public int Number { get; set; }

    public string Name { get; set; } = "";

    public string Kind { get; set; } = "";

    public long Size { get; set; }

    public string Md5 { get; set; } = "";

    public string Sha1 { get; set; } = "";

    public string Sha256 { get; set; } = "";

    public string Origin { get; set; } = "";

    public Guid? MailId { get; set; }

    public string? Stored { get; set; }

    public string? SealedKey { get; set; }

    public DateTimeOffset AddedAt { get; set; }

    public string AddedBy { get; set; } = "";

    public DateTimeOffset? DamagedAt { get; set; }

    public DateTimeOffset? DestroyedAt { get; set; }

    public int CustodyLines { get; set; }

    public byte[] CustodyHead { get; set; } = [];

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public string Subject => $"evidence/{Id}";

    /// <summary>How people call it: <c>INC-2026-00017 E1</c>.</summary>
    public string Label => $"{IncidentNumber} E{Number}";

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    public static Task<EvidenceRow?> FindAsync(Database database, Viewer viewer, Guid id, CancellationToken cancel) =>
        database.FindAsync<EvidenceRow>(One, Visible.With(viewer, new { Id = id }), cancel);

    /// <summary>Locked, so that the lines of its custody follow each other.</summary>
    public static Task<EvidenceRow?> LockAsync(Work work, Guid id, CancellationToken cancel) =>
        work.FindAsync<EvidenceRow>(OneForChange, Visible.With(work.Viewer, new { Id = id }), cancel);
}
