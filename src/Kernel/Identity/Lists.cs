using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>A person as listed for administrators.</summary>
internal sealed class UserLine
{
    public UserId Id { get; set; }

    public string Name { get; set; } = "";

    public string DisplayName { get; set; } = "";

    public string Mail { get; set; } = "";

    /// <summary>invited, active, locked.</summary>
    public string State { get; set; } = "";

    public string[] Roles { get; set; } = [];

    public bool TotpEnabled { get; set; }

    public ConstituentId? Constituent { get; set; }

    public short ReadsUpTo { get; set; }

    public string Language { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastLogInAt { get; set; }

    /// <summary>Set while too many wrong tries lock the account.</summary>
    public DateTimeOffset? TriesLockedUntil { get; set; }

    public int OpenSessions { get; set; }
}

/// <summary>Everyone who has an account, by name. A national team has hundreds, not thousands: at most 2,000 are listed.</summary>
internal sealed class ListUsers(Database database, TimeProvider time) : Query<string, IReadOnlyList<UserLine>>
{
    private const string All =
        """
        select u.id, u.name, u.display_name, u.mail, u.state, u.totp_enabled, u.constituent, u.reads_up_to, u.language, u.created_at, u.last_log_in_at,
               array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles,
               (select max(t.locked_until) from identity.tries t where t.kind in ('password', 'code') and t.key = u.id::text and t.locked_until > @Now) as tries_locked_until,
               (select count(*)::int from identity.sessions s where s.user_id = u.id and s.ended_at is null and s.ends_at > @Now) as open_sessions
        from identity.users u
        where @Words = '' or u.normal_name like '%' || @Words || '%' or upper(u.display_name) like '%' || @Words || '%' or u.normal_mail like '%' || @Words || '%'
        order by u.normal_name
        limit 2000
        """;

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<IReadOnlyList<UserLine>>> HandleAsync(Viewer viewer, string request, CancellationToken cancel) =>
        (await database.QueryAsync<UserLine>(All, new { Words = NameForm.Of(request), Now = time.GetUtcNow() }, cancel)).ToArray();
}

/// <summary>A log-in as its person sees it.</summary>
internal sealed class SessionLine
{
    public Guid Id { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset SeenAt { get; set; }

    public IPAddress? Address { get; set; }

    public string Agent { get; set; } = "";

    /// <summary>True for the one that asks.</summary>
    public bool IsThis { get; set; }
}

/// <summary>One's own open log-ins.</summary>
internal sealed class ListSessions(Database database, CurrentViewer current, TimeProvider time) : Query<Done, IReadOnlyList<SessionLine>>
{
    private const string Open =
        """
        select id, created_at, seen_at, address, agent, id = @This as is_this
        from identity.sessions
        where user_id = @User and ended_at is null and ends_at > @Now
        order by created_at desc
        limit 100
        """;

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<IReadOnlyList<SessionLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await database.QueryAsync<SessionLine>(Open, new { User = viewer.Id, This = await current.SessionAsync() ?? Guid.Empty, Now = time.GetUtcNow() }, cancel)).ToArray();
}

/// <summary>Ends one of one's own log-ins.</summary>
internal sealed class EndSession(Database database, Sessions sessions) : Act<Guid, Done>(database)
{
    private const string Own = "select exists (select 1 from identity.sessions where id = @Id and user_id = @User and ended_at is null)";

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (!await work.FindAsync<bool>(Own, new { Id = request, User = work.Viewer.Id }, cancel))
            return Refuse.NotFound("kernel.session.unknown");
        await sessions.EndAsync(work, request, "ended by its person", cancel);
        work.Audit("kernel.session.closed", $"user/{work.Viewer.Id}");
        return default(Done);
    }
}

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
