using System.Collections.Concurrent;
using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Log-ins as rows: a session counts only while its row is open, within its idle and absolute limits, and its person is active.</summary>
internal sealed class Sessions(Database database, RolePermissions roles, KernelOptions options, TimeProvider time)
{
    private const string Insert =
        """
        insert into identity.sessions (id, user_id, created_at, seen_at, ends_at, address, agent)
        values (@Id, @User, @Now, @Now, @Ends, @Address, @Agent)
        """;

    private const string NoteLogIn = "update identity.users set last_log_in_at = @Now where id = @User";

    private const string Live =
        """
        select u.id, u.display_name, u.constituent, u.reads_up_to, u.language, s.seen_at,
               array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
        from identity.sessions s
        join identity.users u on u.id = s.user_id
        where s.id = @Id and s.ended_at is null and s.ends_at > @Now and s.seen_at > @Idle and u.state = 'active'
        """;

    private const string Seen = "update identity.sessions set seen_at = @Now where id = @Id and ended_at is null";

    private const string EndOne = "update identity.sessions set ended_at = @Now, end_reason = @Reason where id = @Id and ended_at is null";

    private const string EndAllOf = "update identity.sessions set ended_at = @Now, end_reason = @Reason where user_id = @User and ended_at is null and id <> @Except returning id";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(4);

    private readonly ConcurrentDictionary<Guid, Known> _known = new();
    private readonly ConcurrentDictionary<Guid, long> _touched = new();

    /// <summary>Opens a session with an id that nobody has seen before.</summary>
    public async Task<Guid> OpenAsync(Work work, UserId user, IPAddress? address, string agent, CancellationToken cancel)
    {
        // Random, not time-ordered: the id is a secret.
        var id = Guid.NewGuid();
        await work.ExecuteAsync(
            Insert,
            new { Id = id, User = user, work.Now, Ends = work.Now.AddHours(options.SessionHours), Address = address, Agent = agent.Length > 200 ? agent[..200] : agent },
            cancel);
        await work.ExecuteAsync(NoteLogIn, new { User = user, work.Now }, cancel);
        return id;
    }

    /// <summary>Who the session is, or null when it ended. At most four seconds old.</summary>
    public async ValueTask<Viewer?> FindAsync(Guid id, CancellationToken cancel)
    {
        if (_known.TryGetValue(id, out var known) && time.GetElapsedTime(known.ReadAt) < s_fresh)
            return known.Viewer;
        var (at, now) = (time.GetTimestamp(), time.GetUtcNow());
        LiveRow? row;
        try
        {
            row = await database.FindAsync<LiveRow>(Live, new { Id = id, Now = now, Idle = now.AddMinutes(-options.IdleMinutes) }, cancel);
        }
        catch (Exception fault) when (known is not null && time.GetElapsedTime(known.ReadAt).TotalMinutes < options.IdleMinutes && DatabaseTrouble.Is(fault))
        {
            // Without the database nothing can be read or changed anyway: the person keeps the page that says so.
            return known.Viewer;
        }
        if (row is null)
        {
            _known.TryRemove(id, out _);
            _touched.TryRemove(id, out _);
            return null;
        }
        var viewer = ViewerOf(row, await roles.ReadAsync(cancel));
        _known[id] = new(viewer, at);
        return viewer;
    }

    /// <summary>Notes input of the person; written once a minute at most.</summary>
    public async ValueTask TouchAsync(Guid id, CancellationToken cancel)
    {
        var now = time.GetTimestamp();
        if (_touched.TryGetValue(id, out var last) && time.GetElapsedTime(last) < TimeSpan.FromMinutes(1))
            return;
        _touched[id] = now;
        await database.ExecuteAsync(Seen, new { Id = id, Now = time.GetUtcNow() }, cancel);
    }

    /// <summary>Ends one session.</summary>
    public async Task EndAsync(Work work, Guid id, string reason, CancellationToken cancel)
    {
        await work.ExecuteAsync(EndOne, new { Id = id, work.Now, Reason = reason }, cancel);
        _known.TryRemove(id, out _);
    }

    /// <summary>Ends all sessions of a person, but for <paramref name="except"/>; live circuits notice within ten seconds.</summary>
    public async Task EndAllAsync(Work work, UserId user, string reason, CancellationToken cancel, Guid except = default)
    {
        foreach (var id in await work.QueryAsync<Guid>(EndAllOf, new { User = user, work.Now, Reason = reason, Except = except }, cancel))
            _known.TryRemove(id, out _);
    }

    /// <summary>Forgets what was read of ended sessions; called by the daily clean-up.</summary>
    internal void Sweep()
    {
        foreach (var (id, known) in _known)
            if (time.GetElapsedTime(known.ReadAt) > TimeSpan.FromHours(1))
            {
                _known.TryRemove(id, out _);
                _touched.TryRemove(id, out _);
            }
    }

    internal static Viewer ViewerOf(LiveRow row, System.Collections.Frozen.FrozenDictionary<Role, System.Collections.Frozen.FrozenSet<string>> map)
    {
        var roles = row.Roles.Select(RolePermissions.Read).OfType<Role>().ToList();
        return new()
        {
            Id = row.Id,
            Name = row.DisplayName,
            Roles = roles,
            Permissions = System.Collections.Frozen.FrozenSet.ToFrozenSet(roles.SelectMany(r => map[r]).Append(Permission.SignedIn.Id)),
            ReadsUpTo = (Tlp)row.ReadsUpTo,
            Constituent = row.Constituent,
            Language = row.Language,
        };
    }

    internal sealed class LiveRow
    {
        public UserId Id { get; set; }

        public string DisplayName { get; set; } = "";

        public ConstituentId? Constituent { get; set; }

        public short ReadsUpTo { get; set; }

        public string Language { get; set; } = "en";

        public DateTimeOffset SeenAt { get; set; }

        public string[] Roles { get; set; } = [];
    }

    private sealed record Known(Viewer Viewer, long ReadAt);
}
