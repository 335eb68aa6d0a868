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

    public int Passkeys { get; set; }

    /// <summary>True where a password alone does not let this person in.</summary>
    public bool HasFactor => TotpEnabled || Passkeys > 0;

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
               (select count(*)::int from identity.passkeys p where p.user_id = u.id) as passkeys,
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
