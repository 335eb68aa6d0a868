using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>A peer as people see it: no secrets.</summary>
internal sealed class PeerLine
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public string Role { get; set; } = "";

    public string? RootUrl { get; set; }

    public string ReadCollection { get; set; } = "";

    public string WriteCollection { get; set; } = "";

    public string SecretKind { get; set; } = "";

    public string Login { get; set; } = "";

    public string TokenKind { get; set; } = "";

    public string TokenLogin { get; set; } = "";

    public DateTimeOffset? TokenExpiresAt { get; set; }

    public short Ceiling { get; set; }

    public bool TakesExercises { get; set; }

    public string Trust { get; set; } = "";

    public int Failures { get; set; }

    public DateTimeOffset? LastContactAt { get; set; }

    public string? LastError { get; set; }

    public DateTimeOffset? LastErrorAt { get; set; }

    public DateTimeOffset? NextPullAt { get; set; }

    /// <summary>Shares that wait to be taken by the peer.</summary>
    public long Waiting { get; set; }

    /// <summary>Acknowledgements that wait to be posted to it.</summary>
    public long Queued { get; set; }

    /// <summary>Objects received from it.</summary>
    public long ReceivedObjects { get; set; }

    public Tlp CeilingTlp => (Tlp)Ceiling;

    /// <summary>The form with the present values.</summary>
    public PeerForm Form() => new()
    {
        Name = Name,
        Role = Role,
        RootUrl = RootUrl ?? "",
        ReadCollection = ReadCollection,
        WriteCollection = WriteCollection,
        Ceiling = CeilingTlp,
        TakesExercises = TakesExercises,
        Trust = Trust,
    };
}

/// <summary>All peers, for the peers page and for choosing recipients.</summary>
internal sealed class ListPeers(Database database) : Query<Done, IReadOnlyList<PeerLine>>
{
    private const string Sql =
        """
        -- every row: of what was received only the number is shown
        select p.id, p.name, p.role, p.root_url, p.read_collection, p.write_collection, p.secret_kind, p.login, p.token_kind, p.token_login, p.token_expires_at,
               p.ceiling, p.takes_exercises, p.trust, p.failures, p.last_contact_at, p.last_error, p.last_error_at, p.next_pull_at,
               (select count(*) from uplink.share_recipients r where r.peer_id = p.id and r.state = 'available') as waiting,
               (select count(*) from uplink.acknowledgements a where a.peer_id = p.id and a.state = 'queued') as queued,
               (select count(*) from uplink.received v where v.peer_id = p.id) as received_objects
        from uplink.peers p
        where p.removed_at is null
        order by lower(p.name)
        limit 500
        """;

    public override Permission Permission => Permissions.PeerRead;

    protected override async Task<Outcome<IReadOnlyList<PeerLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<PeerLine>(Sql, null, cancel)).ToArray();
}
