using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Uplink.Inbox;

/// <summary>One object in quarantine, as stored.</summary>
internal sealed class Received
{
    public Guid Id { get; set; }

    public Guid PeerId { get; set; }

    public string PeerName { get; set; } = "";

    /// <summary>pulled or posted.</summary>
    public string Route { get; set; } = "";

    public string StixId { get; set; } = "";

    public string Type { get; set; } = "";

    public DateTimeOffset Version { get; set; }

    public string Title { get; set; } = "";

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    /// <summary>new, part, accepted, refused, invalid, acknowledgement.</summary>
    public string State { get; set; } = "";

    public string Reason { get; set; } = "";

    public byte[] Sha256 { get; set; } = [];

    public byte[] Raw { get; set; } = [];

    public string[] Refs { get; set; } = [];

    public DateTimeOffset ReceivedAt { get; set; }

    public string? DecidedBy { get; set; }

    public DateTimeOffset? DecidedAt { get; set; }

    public Marking Marking => new((Tlp)Tlp, (Pap)Pap, Exercise);

    public PeerId Peer => new(PeerId);

    /// <summary>The columns without the bytes, for queries on <c>uplink.received m join uplink.peers p</c>.</summary>
    public const string Columns =
        """
        m.id, m.peer_id, p.name as peer_name, m.route, m.stix_id, m.type, m.version, m.title, m.tlp, m.pap, m.exercise, m.state, m.reason, m.sha256, m.refs,
        m.received_at, m.decided_by, m.decided_at
        """;

    private const string ById = $"select {Columns}, m.raw from uplink.received m join uplink.peers p on p.id = m.peer_id where m.id = @id and {Visible.Rows}";

    private const string Around =
        $"""
        select distinct on (m.stix_id) {Columns}, m.raw
        from uplink.received m
        join uplink.peers p on p.id = m.peer_id
        where m.peer_id = @peer and m.state in ('new', 'part', 'accepted') and {Visible.Rows}
          and (m.stix_id = any(@ids)
               or (m.type = 'relationship' and @main = any(m.refs))
               or m.stix_id in (select unnest(l.refs) from uplink.received l where l.peer_id = @peer and l.type = 'relationship' and @main = any(l.refs)))
        order by m.stix_id, m.version desc
        limit 5000
        """;

    public static Task<Received?> FindAsync(Database database, Viewer viewer, Guid id, CancellationToken cancel) =>
        database.FindAsync<Received>(ById, Visible.With(viewer, new { id }), cancel);

    public static Task<Received?> LockAsync(Work work, Guid id, CancellationToken cancel) =>
        work.FindAsync<Received>($"{ById} for update of m", Visible.With(work.Viewer, new { id }), cancel);

    /// <summary>What belongs to a received incident or report: what it names, and what relationships tie to it. Newest version of each.</summary>
    public static Task<IReadOnlyList<Received>> AroundAsync(Database database, Viewer viewer, Received main, CancellationToken cancel) =>
        database.QueryAsync<Received>(Around, Visible.With(viewer, new { peer = main.PeerId, ids = main.Refs, main = main.StixId }), cancel);

    /// <summary>The same inside an act.</summary>
    public static Task<IReadOnlyList<Received>> AroundAsync(Work work, Received main, CancellationToken cancel) =>
        work.QueryAsync<Received>(Around, Visible.With(work.Viewer, new { peer = main.PeerId, ids = main.Refs, main = main.StixId }), cancel);
}
