using System.Buffers.Text;
using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Links that work once: set-up, invitation, reset. Only the hash of the secret is stored.</summary>
internal sealed class OneTimeLinks(Database database, TimeProvider time)
{
    public const string Setup = "setup";
    public const string Invite = "invite";
    public const string Reset = "reset";

    private const string Withdraw = "update identity.links set expires_at = @Now where kind = @Kind and user_id is not distinct from @User and used_at is null and expires_at > @Now";

    private const string Insert =
        "insert into identity.links (id, kind, hash, user_id, created_at, expires_at) values (@Id, @Kind, @Hash, @User, @Now, @Expires)";

    private const string Use =
        "update identity.links set used_at = @Now where hash = @Hash and kind = any(@Kinds) and used_at is null and expires_at > @Now returning kind, user_id, expires_at";

    private const string Look =
        """
        select l.kind, l.user_id, l.expires_at, u.name, u.display_name, u.language
        from identity.links l
        left join identity.users u on u.id = l.user_id
        where l.hash = @Hash and l.kind = any(@Kinds) and l.used_at is null and l.expires_at > @Now
        """;

    /// <summary>Makes a link; earlier ones of the same kind and person stop working.</summary>
    public async Task<string> IssueAsync(Work work, string kind, UserId? user, TimeSpan lives, CancellationToken cancel)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await IssueAsync(work, kind, user, lives, Tokens.HashOf(secret), cancel);
        return secret;
    }

    /// <summary>The same for a secret that its person holds already and that this machine never sees: only its hash came here.</summary>
    public async Task IssueAsync(Work work, string kind, UserId? user, TimeSpan lives, byte[] hash, CancellationToken cancel)
    {
        await work.ExecuteAsync(Withdraw, new { Kind = kind, User = user?.Value, work.Now }, cancel);
        await work.ExecuteAsync(Insert, new { Id = Guid.CreateVersion7(), Kind = kind, Hash = hash, User = user?.Value, work.Now, Expires = work.Now + lives }, cancel);
    }

    /// <summary>Uses the link up; null when it is unknown, used or expired.</summary>
    public Task<LinkRow?> UseAsync(Work work, string secret, CancellationToken cancel, params string[] kinds) =>
        work.FindAsync<LinkRow>(Use, new { Hash = Tokens.HashOf(secret), Kinds = kinds, work.Now }, cancel);

    /// <summary>Looks without using it up.</summary>
    public Task<LinkRow?> LookAsync(string secret, CancellationToken cancel, params string[] kinds) =>
        database.FindAsync<LinkRow>(Look, new { Hash = Tokens.HashOf(secret), Kinds = kinds, Now = time.GetUtcNow() }, cancel);
}

/// <summary>A one-time link as stored.</summary>
internal sealed class LinkRow
{
    public string Kind { get; set; } = "";

    public UserId? UserId { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public string? Name { get; set; }

    public string? DisplayName { get; set; }

    public string? Language { get; set; }
}
