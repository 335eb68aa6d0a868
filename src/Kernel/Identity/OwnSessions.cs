using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>A log-in as its person sees it: one that is open, or one that was ended within a week because its cookie came from another browser.</summary>
public sealed class SessionLine
{
    /// <summary>To end it by; not what the cookie holds on its own, which is protected by the appliance's keys.</summary>
    public Guid Id { get; set; }

    /// <summary>When the person showed who he is.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Last input, noted once a minute.</summary>
    public DateTimeOffset SeenAt { get; set; }

    /// <summary>Set for one that was ended.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Where it was opened from.</summary>
    public IPAddress? Address { get; set; }

    /// <summary>Where it was last used from, noted once a minute.</summary>
    public IPAddress? LastAddress { get; set; }

    /// <summary>User-Agent header of the browser that opened it: anybody's text.</summary>
    public string Agent { get; set; } = "";

    /// <summary>password, code, recovery, passkey, link.</summary>
    public string Factor { get; set; } = "";

    /// <summary>True for the one that asks.</summary>
    public bool IsThis { get; set; }

    /// <summary>True where somebody else showed its cookie.</summary>
    public bool IsAlarm => EndedAt is not null;

    internal const string OfPerson =
        """
        select id, created_at, seen_at, ended_at, address, last_address, agent, factor, id = @This as is_this
        from identity.sessions
        where user_id = @User
          and ((ended_at is null and ends_at > @Now) or (end_reason = 'other browser' and ended_at > @Week))
        order by created_at desc
        limit 100
        """;
}

/// <summary>One's own log-ins.</summary>
internal sealed class ListSessions(Database database, CurrentViewer current, AccountLimits limits, TimeProvider time) : Query<Done, IReadOnlyList<SessionLine>>
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<IReadOnlyList<SessionLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var idle = now - await limits.IdleAsync(AccountLimits.Administers(viewer.Permissions), cancel);
        var rows = await database.QueryAsync<SessionLine>(SessionLine.OfPerson, new { User = viewer.Id, This = await current.SessionAsync() ?? Guid.Empty, Now = now, Week = now.AddDays(-7) }, cancel);
        return rows.Where(r => r.IsAlarm || r.SeenAt > idle).ToArray();
    }
}

/// <summary>A person's log-ins, for administrators.</summary>
internal sealed class ListSessionsOf(Database database, RolePermissions roles, AccountLimits limits, TimeProvider time) : Query<UserId, IReadOnlyList<SessionLine>>
{
    private const string RolesOf = "select role from identity.user_roles where user_id = @User";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<IReadOnlyList<SessionLine>>> HandleAsync(Viewer viewer, UserId request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var held = (await roles.ReadAsync(cancel)).Of(await database.QueryAsync<string>(RolesOf, new { User = request }, cancel));
        var idle = now - await limits.IdleAsync(AccountLimits.Administers(held), cancel);
        var rows = await database.QueryAsync<SessionLine>(SessionLine.OfPerson, new { User = request, This = Guid.Empty, Now = now, Week = now.AddDays(-7) }, cancel);
        return rows.Where(r => r.IsAlarm || r.SeenAt > idle).ToArray();
    }
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

/// <summary>Ends all of one's own log-ins but the one that asks; answers how many.</summary>
internal sealed class EndOtherSessions(Database database, Sessions sessions, CurrentViewer current) : Act<Done, int>(database)
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<int>> HandleAsync(Work work, Done request, CancellationToken cancel)
    {
        var ended = await sessions.EndAllAsync(work, work.Viewer.Id, "ended by its person", cancel, await current.SessionAsync() ?? default);
        work.Audit("kernel.session.others-closed", $"user/{work.Viewer.Id}", new { ended });
        return ended;
    }
}

/// <summary>Whose log-ins an administrator ends.</summary>
/// <param name="User">The person.</param>
/// <param name="Session">One log-in; null for all.</param>
internal sealed record SessionsToEnd(UserId User, Guid? Session = null);

/// <summary>Ends a person's log-ins, one or all, and leaves the account as it is; answers how many.</summary>
internal sealed class EndSessionsOf(Database database, Sessions sessions) : Act<SessionsToEnd, int>(database)
{
    private const string Own = "select exists (select 1 from identity.sessions where id = @Session and user_id = @User)";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<int>> HandleAsync(Work work, SessionsToEnd request, CancellationToken cancel)
    {
        if (await RoleRules.CheckTargetAsync(work, request.User, cancel) is { } refusal)
            return refusal;
        // Both ids must agree: whoever may end Ana's log-ins names none of Boris's with them.
        if (request.Session is { } one && !await work.FindAsync<bool>(Own, new { Session = one, request.User }, cancel))
            return Refuse.NotFound("kernel.session.unknown");
        var ended = request.Session is { } id
            ? await sessions.EndAsync(work, id, "ended by an administrator", cancel) ? 1 : 0
            : await sessions.EndAllAsync(work, request.User, "ended by an administrator", cancel);
        work.Audit("kernel.user.sessions-ended", $"user/{request.User}", new { ended });
        return ended;
    }
}
