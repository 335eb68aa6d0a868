using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Uplink.Peers;

/// <summary>A node that information is shared with, as stored.</summary>
internal sealed class Peer
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    /// <summary>national or hub.</summary>
    public string Role { get; set; } = "";

    /// <summary>Where its TAXII server answers; null: it pulls from us and we never call it.</summary>
    public string? RootUrl { get; set; }

    public string ReadCollection { get; set; } = "";

    public string WriteCollection { get; set; } = "";

    public string Login { get; set; } = "";

    public byte[]? Secret { get; set; }

    public string SecretKind { get; set; } = "none";

    /// <summary>The credential we issued, with which the peer calls us.</summary>
    public Guid? TokenId { get; set; }

    public string TokenKind { get; set; } = "";

    public string TokenLogin { get; set; } = "";

    public DateTimeOffset? TokenExpiresAt { get; set; }

    public short Ceiling { get; set; }

    public bool TakesExercises { get; set; }

    /// <summary>pending, trusted or suspended.</summary>
    public string Trust { get; set; } = "";

    public string? CursorAfter { get; set; }

    public string? CursorNext { get; set; }

    public string? CursorPageLast { get; set; }

    public DateTimeOffset? NextPullAt { get; set; }

    public int Failures { get; set; }

    public DateTimeOffset? LastContactAt { get; set; }

    public string? LastError { get; set; }

    public DateTimeOffset? LastErrorAt { get; set; }

    public DateTimeOffset AddedAt { get; set; }

    public DateTimeOffset? RemovedAt { get; set; }

    public Tlp CeilingTlp => (Tlp)Ceiling;

    public PeerId PeerId => new(Id);

    /// <summary>The columns, for queries on <c>uplink.peers p</c>.</summary>
    public const string Columns =
        """
        p.id, p.name, p.role, p.root_url, p.read_collection, p.write_collection, p.login, p.secret, p.secret_kind, p.token_id, p.token_kind, p.token_login, p.token_expires_at, p.ceiling, p.takes_exercises, p.trust,
        p.cursor_after, p.cursor_next, p.cursor_page_last, p.next_pull_at, p.failures, p.last_contact_at, p.last_error, p.last_error_at, p.added_at, p.removed_at
        """;

    private const string ById = $"select {Columns} from uplink.peers p where p.id = @id and p.removed_at is null";

    private const string ByIds = $"select {Columns} from uplink.peers p where p.id = any(@ids) and p.removed_at is null order by p.name";

    private const string Present = $"select {Columns} from uplink.peers p where p.removed_at is null order by lower(p.name)";

    public static Task<Peer?> FindAsync(Database database, Guid id, CancellationToken cancel) => database.FindAsync<Peer>(ById, new { id }, cancel);

    public static Task<Peer?> LockAsync(Work work, Guid id, CancellationToken cancel) => work.FindAsync<Peer>($"{ById} for update", new { id }, cancel);

    public static Task<IReadOnlyList<Peer>> ReadAsync(Work work, Guid[] ids, CancellationToken cancel) => work.QueryAsync<Peer>(ByIds, new { ids }, cancel);

    public static Task<IReadOnlyList<Peer>> AllAsync(Database database, CancellationToken cancel) => database.QueryAsync<Peer>(Present, null, cancel);
}
