using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>What a program or peer gets to show who it is.</summary>
/// <param name="Name">Unique among live tokens; the user name of HTTP Basic.</param>
/// <param name="Kind">Bearer for our API, Basic for protocols that require it.</param>
/// <param name="Permissions">What it may do: at most what its person, or the role peer, may.</param>
/// <param name="Lives">How long it works; at most two years.</param>
/// <param name="Peer">The peer it belongs to; null for a token of <paramref name="Owner"/> or of who issues it.</param>
/// <param name="Owner">The person it acts for, when not the issuer.</param>
/// <param name="SecretHash">SHA-256 of a secret that its holder has already, for a peer's Basic token; null makes a secret.</param>
public sealed record TokenRequest(string Name, TokenKind Kind, IReadOnlyList<Permission> Permissions, TimeSpan Lives, PeerId? Peer = null, UserId? Owner = null, byte[]? SecretHash = null);

/// <summary>How a token is shown to us.</summary>
public enum TokenKind
{
    /// <summary><c>Authorization: Bearer</c>.</summary>
    Bearer,

    /// <summary><c>Authorization: Basic</c> with the token's name as user name.</summary>
    Basic,
}

/// <summary>A token just made; its secret is shown once and cannot be read again.</summary>
/// <param name="Id">To revoke it by.</param>
/// <param name="Name">Its name.</param>
/// <param name="Secret">The bearer text, or the password of HTTP Basic.</param>
/// <param name="ExpiresAt">When it stops working.</param>
public sealed record IssuedToken(Guid Id, string Name, string Secret, DateTimeOffset ExpiresAt);

/// <summary>Issues a token. Needs <c>kernel.tokens.manage</c>.</summary>
public sealed class IssueToken(Database database, RolePermissions roles) : Act<TokenRequest, IssuedToken>(database)
{
    private const string Insert =
        """
        insert into identity.tokens (id, name, normal_name, kind, hash, user_id, peer_id, scopes, created_at, created_by, expires_at)
        values (@Id, @Name, @Normal, @Kind, @Hash, @User, @Peer, @Scopes, @Now, @By, @Expires)
        on conflict (normal_name) where revoked_at is null do nothing
        """;

    private const string RevokeExpired = "update identity.tokens set revoked_at = expires_at where normal_name = @Normal and revoked_at is null and expires_at <= @Now";

    private const string RolesOf = "select r.role from identity.user_roles r join identity.users u on u.id = r.user_id where u.id = @Id and u.state = 'active'";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageTokens;

    /// <inheritdoc/>
    protected override async Task<Outcome<IssuedToken>> HandleAsync(Work work, TokenRequest request, CancellationToken cancel)
    {
        var name = request.Name.Trim();
        if (name.Length is < 2 or > 60 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '@'))
            return Refuse.Invalid("kernel.token.name", "name");
        if (request.Lives <= TimeSpan.Zero || request.Lives > TimeSpan.FromDays(731))
            return Refuse.Invalid("kernel.token.lives", "lives");
        if (request.Peer is null && request.Owner is null && work.Viewer.IsSystem)
            return Refuse.Invalid("kernel.token.owner", "owner");
        var owner = request.Owner ?? work.Viewer.Id;
        if (owner != work.Viewer.Id && !work.Viewer.IsSystem && !work.Viewer.Roles.Contains(Role.Administrator))
            return Refuse.Forbidden("kernel.user.administrator");
        var may = await MayAsync(work, request.Peer, owner, cancel);
        var scopes = request.Permissions.Select(p => p.Id).Distinct().ToArray();
        if (scopes.Length == 0 || !scopes.All(may.Contains))
            return Refuse.Invalid("kernel.token.scopes", "permissions", string.Join(' ', scopes.Where(s => !may.Contains(s))));
        // Nobody hands out what he does not hold, except to a peer, whose role is fixed.
        if (request.Peer is null && !work.Viewer.IsSystem && !scopes.All(work.Viewer.Permissions.Contains))
            return Refuse.Forbidden("kernel.token.beyond");
        if (request.SecretHash is { } given && (given.Length != 32 || request.Peer is null || request.Kind != TokenKind.Basic))
            return Refuse.Invalid("kernel.token.owner", "secretHash");
        var (id, secret, normal) = (Guid.NewGuid(), request.SecretHash is null ? Tokens.NewSecret() : "", NameForm.Of(name));
        await work.ExecuteAsync(RevokeExpired, new { Normal = normal, work.Now }, cancel);
        var written = await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id,
                Name = name,
                Normal = normal,
                Kind = request.Kind == TokenKind.Basic ? "basic" : "bearer",
                Hash = request.SecretHash ?? Tokens.HashOf(secret),
                User = request.Peer is null ? owner.Value : (Guid?)null,
                Peer = request.Peer?.Value,
                Scopes = scopes,
                work.Now,
                By = work.Viewer.Id.Value,
                Expires = work.Now + request.Lives,
            },
            cancel);
        if (written == 0)
            return Refuse.Conflict("kernel.token.taken", name);
        work.Audit("kernel.token.issued", $"token/{id}", new { name, request.Kind, scopes, request.Peer, owner = request.Peer is null ? owner : (UserId?)null, expires = work.Now + request.Lives });
        return new IssuedToken(id, name, request.Kind == TokenKind.Basic ? secret : Tokens.BearerText(id, secret), work.Now + request.Lives);
    }

    private async Task<HashSet<string>> MayAsync(Work work, PeerId? peer, UserId owner, CancellationToken cancel)
    {
        var map = await roles.ReadAsync(cancel);
        if (peer is not null)
            return [.. map[Role.Peer]];
        var held = await work.QueryAsync<string>(RolesOf, new { Id = owner }, cancel);
        return [.. map.Of(held)];
    }
}

/// <summary>Which token to revoke.</summary>
/// <param name="Id">The token.</param>
public sealed record TokenRevocation(Guid Id);

/// <summary>Revokes a token; it stops working within five seconds. Needs <c>kernel.tokens.manage</c>.</summary>
public sealed class RevokeToken(Database database) : Act<TokenRevocation, Done>(database)
{
    private const string Revoke = "update identity.tokens set revoked_at = @Now where id = @Id and revoked_at is null";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageTokens;

    /// <inheritdoc/>
    protected override async Task<Outcome<Done>> HandleAsync(Work work, TokenRevocation request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Revoke, new { request.Id, work.Now }, cancel) == 0)
            return Refuse.NotFound("kernel.token.unknown");
        work.Audit("kernel.token.revoked", $"token/{request.Id}");
        return default(Done);
    }
}
