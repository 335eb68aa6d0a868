using System.Collections.Concurrent;
using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Log-ins as rows: a session counts only while its row is open, within its idle and absolute limits, and its person is active.</summary>
internal sealed partial class Sessions(Database database, RolePermissions roles, AccountLimits limits, TimeProvider time)
{
    private const string Insert =
        """
        insert into identity.sessions (id, user_id, created_at, seen_at, ends_at, address, last_address, agent, factor)
        values (@Id, @User, @Now, @Now, @Ends, @Address, @Address, @Agent, @Factor)
        """;

    private const string NoteLogIn = "update identity.users set last_log_in_at = @Now where id = @User";

    private const string Live =
        """
        select u.id, u.display_name, u.constituent, u.reads_up_to, u.language, s.seen_at, s.created_at, s.agent,
               u.totp_enabled or exists (select 1 from identity.passkeys p where p.user_id = u.id) as has_factor,
               array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
        from identity.sessions s
        join identity.users u on u.id = s.user_id
        where s.id = @Id and s.ended_at is null and s.ends_at > @Now and u.state = 'active'
        """;

    private const string Seen = "update identity.sessions set seen_at = @Now, last_address = coalesce(@Address, last_address) where id = @Id and ended_at is null";

    private const string EndOne = "update identity.sessions set ended_at = @Now, end_reason = @Reason where id = @Id and ended_at is null returning user_id";

    private const string EndAllOf = "update identity.sessions set ended_at = @Now, end_reason = @Reason where user_id = @User and ended_at is null and id <> @Except returning id";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(4);

    private readonly ConcurrentDictionary<Guid, Known> _known = new();
    private readonly ConcurrentDictionary<Guid, long> _touched = new();

    /// <summary>Raised in this process with the id of a session that ended or whose person changed, so that its circuits look at once and not at their next round.</summary>
    public event Action<Guid>? Changed;

    /// <summary>Opens a session with an id that nobody has seen before.</summary>
    public async Task<Guid> OpenAsync(Work work, UserId user, IPAddress? address, string agent, string factor, CancellationToken cancel)
    {
        // Random, not time-ordered: the id is a secret.
        var id = Guid.NewGuid();
        await work.ExecuteAsync(
            Insert,
            new { Id = id, User = user, work.Now, Ends = work.Now + await limits.LongestAsync(cancel), Address = address, Agent = agent.Length > 200 ? agent[..200] : agent, Factor = factor },
            cancel);
        await work.ExecuteAsync(NoteLogIn, new { User = user, work.Now }, cancel);
        return id;
    }

    /// <summary>Who the session is, or null when it ended. At most four seconds old.</summary>
    public async ValueTask<Viewer?> FindAsync(Guid id, CancellationToken cancel) => (await LookAsync(id, cancel))?.Viewer;

    /// <summary>The session with what a cookie is held against, or null when it ended. At most four seconds old.</summary>
    public async ValueTask<LiveSession?> LookAsync(Guid id, CancellationToken cancel)
    {
        if (_known.TryGetValue(id, out var known) && time.GetElapsedTime(known.ReadAt) < s_fresh)
            return known.Session;
        var at = time.GetTimestamp();
        try
        {
            if (await ReadAsync(id, cancel) is var (session, idle))
            {
                _known[id] = new(session, idle, at);
                return session;
            }
            Forget(id);
            return null;
        }
        catch (Exception fault) when (known is not null && time.GetElapsedTime(known.ReadAt) < known.Idle && DatabaseTrouble.Is(fault))
        {
            // Without the database nothing can be read or changed anyway: the person keeps the page that says so.
            return known.Session;
        }
    }

    private async Task<(LiveSession Session, TimeSpan Idle)?> ReadAsync(Guid id, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (await database.FindAsync<LiveRow>(Live, new { Id = id, Now = now }, cancel) is not { } row)
            return null;
        var viewer = ViewerOf(row, await roles.ReadAsync(cancel));
        var idle = await limits.IdleAsync(AccountLimits.Administers(viewer.Permissions), cancel);
        if (now - row.SeenAt >= idle)
            return null;
        if (!row.HasFactor && await limits.DemandsFactorAsync(viewer.Permissions, cancel))
            viewer = viewer with { MustEnrol = true, Permissions = System.Collections.Frozen.FrozenSet.Create(Permission.Enrolling.Id) };
        return (new(viewer, row.CreatedAt, row.Agent), idle);
    }

    /// <summary>Notes input of the person; written once a minute at most.</summary>
    public async ValueTask TouchAsync(Guid id, IPAddress? address, CancellationToken cancel)
    {
        var now = time.GetTimestamp();
        if (_touched.TryGetValue(id, out var last) && time.GetElapsedTime(last) < TimeSpan.FromMinutes(1))
            return;
        _touched[id] = now;
        await database.ExecuteAsync(Seen, new { Id = id, Now = time.GetUtcNow(), Address = address }, cancel);
    }

    /// <summary>Ends one session; false when it had ended before.</summary>
    public async Task<bool> EndAsync(Work work, Guid id, string reason, CancellationToken cancel)
    {
        var ended = await work.FindAsync<Guid?>(EndOne, new { Id = id, work.Now, Reason = reason }, cancel) is not null;
        work.AfterCommit(() => Look(id));
        return ended;
    }

    /// <summary>Ends all sessions of a person, but for <paramref name="except"/>; live circuits notice at once, those of another process within ten seconds.</summary>
    public async Task<int> EndAllAsync(Work work, UserId user, string reason, CancellationToken cancel, Guid except = default)
    {
        var ended = await work.QueryAsync<Guid>(EndAllOf, new { User = user, work.Now, Reason = reason, Except = except }, cancel);
        work.AfterCommit(() =>
        {
            foreach (var id in ended)
                Look(id);
            // The one that stays is read anew as well: its rights may have changed.
            if (except != default)
                Look(except);
        });
        return ended.Count;
    }

    /// <summary>Forgets what was read of ended sessions; called by the daily clean-up.</summary>
    internal void Sweep()
    {
        foreach (var (id, known) in _known)
            if (time.GetElapsedTime(known.ReadAt) > TimeSpan.FromHours(1))
                Forget(id);
    }

    internal static Viewer ViewerOf(LiveRow row, RoleMap map) => new()
    {
        Id = row.Id,
        Name = row.DisplayName,
        Roles = [.. row.Roles.Select(RolePermissions.Read).OfType<Role>()],
        Permissions = System.Collections.Frozen.FrozenSet.ToFrozenSet(map.Of(row.Roles).Append(Permission.SignedIn.Id).Append(Permission.Enrolling.Id)),
        ReadsUpTo = (Tlp)row.ReadsUpTo,
        Constituent = row.Constituent,
        Language = row.Language,
    };

    private void Look(Guid id)
    {
        Forget(id);
        Changed?.Invoke(id);
    }

    private void Forget(Guid id)
    {
        _known.TryRemove(id, out _);
        _touched.TryRemove(id, out _);
    }

    internal sealed class LiveRow
    {
        public UserId Id { get; set; }

        public string DisplayName { get; set; } = "";

        public ConstituentId? Constituent { get; set; }

        public short ReadsUpTo { get; set; }

        public string Language { get; set; } = "en";

        public DateTimeOffset SeenAt { get; set; }

        public DateTimeOffset CreatedAt { get; set; }

        public string Agent { get; set; } = "";

        public bool HasFactor { get; set; }

        public string[] Roles { get; set; } = [];
    }

    private sealed record Known(LiveSession Session, TimeSpan Idle, long ReadAt);
}

/// <summary>A session that counts.</summary>
/// <param name="Viewer">Who it is.</param>
/// <param name="ProvedAt">When the person last showed password, code or passkey.</param>
/// <param name="Agent">The browser that opened it.</param>
internal sealed record LiveSession(Viewer Viewer, DateTimeOffset ProvedAt, string Agent);
