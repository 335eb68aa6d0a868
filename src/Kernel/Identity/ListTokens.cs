using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>A token as listed; never its secret.</summary>
internal sealed class TokenLine
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public string Kind { get; set; } = "";

    public string? UserName { get; set; }

    public PeerId? PeerId { get; set; }

    public string[] Scopes { get; set; } = [];

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>All tokens, the newest first.</summary>
internal sealed class ListTokens(Database database) : Query<Done, IReadOnlyList<TokenLine>>
{
    private const string All =
        """
        select t.id, t.name, t.kind, u.name as user_name, t.peer_id, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
        from identity.tokens t
        left join identity.users u on u.id = t.user_id
        order by t.created_at desc
        limit 1000
        """;

    public override Permission Permission => KernelPermissions.ManageTokens;

    protected override async Task<Outcome<IReadOnlyList<TokenLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<TokenLine>(All, null, cancel)).ToArray();
}
