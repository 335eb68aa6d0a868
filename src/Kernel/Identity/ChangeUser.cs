using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>What an administrator changes of a person.</summary>
/// <param name="User">Whom.</param>
/// <param name="Roles">The roles from now on.</param>
/// <param name="ReadsUpTo">The most restrictive label read without being named.</param>
/// <param name="Constituent">The organisation, for role constituent.</param>
/// <param name="OwnRoles">Words of the appliance's own roles from now on.</param>
internal sealed record RoleChange(UserId User, IReadOnlyList<Role> Roles, Tlp ReadsUpTo = Tlp.AmberStrict, ConstituentId? Constituent = null, IReadOnlyList<string>? OwnRoles = null);

/// <summary>Changes a person's roles and clearance. Log-ins end, so that what was lost is lost within seconds.</summary>
internal sealed class ChangeRoles(Database database, Sessions sessions, RolePermissions roles) : Act<RoleChange, Done>(database)
{
    private const string Read = "select role from identity.user_roles where user_id = @User order by role for update";

    private const string Clear = "update identity.users set reads_up_to = @ReadsUpTo, constituent = @Constituent where id = @User";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, RoleChange request, CancellationToken cancel)
    {
        if (RoleRules.Check(work.Viewer, request.Roles, request.OwnRoles ?? [], await roles.ReadAsync(cancel), request.Constituent) is { } refusal)
            return refusal;
        await LastAdministrator.LockAsync(work, cancel);
        var before = await work.QueryAsync<string>(Read, new { request.User }, cancel);
        if (await RoleRules.CheckTargetAsync(work, request.User, cancel) is { } forbidden)
            return forbidden;
        var wasAdministrator = before.Contains(RolePermissions.Word(Role.Administrator));
        if (wasAdministrator && !request.Roles.Contains(Role.Administrator) && await LastAdministrator.IsAsync(work, request.User, cancel))
            return Refuse.Conflict("kernel.user.last-administrator");
        var ceiling = (short)Math.Min((int)request.ReadsUpTo, (int)Tlp.AmberStrict);
        if (await work.ExecuteAsync(Clear, new { request.User, ReadsUpTo = ceiling, Constituent = request.Constituent?.Value }, cancel) == 0)
            return Refuse.NotFound("kernel.user.unknown");
        await Accounts.SetRolesAsync(work, request.User, request.Roles, request.OwnRoles ?? [], cancel);
        await sessions.EndAllAsync(work, request.User, "roles changed", cancel);
        work.Audit("kernel.user.roles-changed", $"user/{request.User}", new { before, after = request.Roles, own = request.OwnRoles, request.ReadsUpTo });
        return default(Done);
    }
}

/// <summary>Whom to lock or unlock.</summary>
internal sealed record LockChange(UserId User, bool Locked);

/// <summary>Locks a person out at once, or lets him in again. Tries that locked the account are forgotten with unlocking.</summary>
internal sealed class LockUser(Database database, Sessions sessions) : Act<LockChange, Done>(database)
{
    private const string Lock = "update identity.users set state = 'locked' where id = @User and state <> 'locked'";

    private const string Unlock = "update identity.users set state = case when password_hash is null then 'invited' else 'active' end where id = @User and state = 'locked'";

    private const string ForgetTries = "delete from identity.tries where kind in ('password', 'code') and key = @Key";

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, LockChange request, CancellationToken cancel)
    {
        await LastAdministrator.LockAsync(work, cancel);
        if (await RoleRules.CheckTargetAsync(work, request.User, cancel) is { } refusal)
            return refusal;
        if (request.Locked && await LastAdministrator.IsAsync(work, request.User, cancel))
            return Refuse.Conflict("kernel.user.last-administrator");
        var changed = await work.ExecuteAsync(request.Locked ? Lock : Unlock, new { request.User }, cancel);
        if (request.Locked)
            await sessions.EndAllAsync(work, request.User, "locked", cancel);
        else
            changed += await work.ExecuteAsync(ForgetTries, new { Key = request.User.ToString() }, cancel);
        if (changed == 0)
            return Refuse.NotFound("kernel.user.unknown");
        work.Audit(request.Locked ? "kernel.user.locked" : "kernel.user.unlocked", $"user/{request.User}");
        return default(Done);
    }
}

/// <summary>Whom to reset.</summary>
/// <param name="User">Whom.</param>
/// <param name="SecondFactor">True to take away the authenticator and recovery codes too: the person lost them.</param>
internal sealed record Reset(UserId User, bool SecondFactor);

/// <summary>Ends a person's password and log-ins and answers the link by which he sets a new one.</summary>
internal sealed class ResetUser(Database database, OneTimeLinks links, Sessions sessions) : Act<Reset, OneTimeLink>(database)
{
    private const string Clear = "update identity.users set password_hash = null, security_stamp = gen_random_uuid()::text where id = @User and state <> 'locked'";

    private const string ClearSecondFactor = "update identity.users set totp_secret = null, totp_enabled = false where id = @User";

    private const string DropPasskeys = "delete from identity.passkeys where user_id = @User";

    private const string DropCodes = "delete from identity.recovery_codes where user_id = @User";

    private const string ForgetTries = "delete from identity.tries where kind in ('password', 'code') and key = @Key";

    private const string Recent = "select count(*)::int from identity.links where kind = 'reset' and user_id = @User and created_at > @Since";

    public static TimeSpan Lives { get; } = TimeSpan.FromHours(24);

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<OneTimeLink>> HandleAsync(Work work, Reset request, CancellationToken cancel)
    {
        if (await RoleRules.CheckTargetAsync(work, request.User, cancel) is { } refusal)
            return refusal;
        if (!work.Viewer.IsSystem && await work.FindAsync<int>(Recent, new { request.User, Since = work.Now.AddHours(-1) }, cancel) >= 3)
            return Refuse.Conflict("kernel.user.reset-often");
        if (await work.ExecuteAsync(Clear, new { request.User }, cancel) == 0)
            return Refuse.NotFound("kernel.user.unknown");
        if (request.SecondFactor)
        {
            await work.ExecuteAsync(ClearSecondFactor, new { request.User }, cancel);
            await work.ExecuteAsync(DropCodes, new { request.User }, cancel);
            await work.ExecuteAsync(DropPasskeys, new { request.User }, cancel);
        }
        await work.ExecuteAsync(ForgetTries, new { Key = request.User.ToString() }, cancel);
        await sessions.EndAllAsync(work, request.User, "reset", cancel);
        var secret = await links.IssueAsync(work, OneTimeLinks.Reset, request.User, Lives, cancel);
        work.Audit("kernel.user.reset", $"user/{request.User}", new { request.SecondFactor });
        return new OneTimeLink(request.User, $"/invite/{secret}", work.Now + Lives);
    }
}

/// <summary>The box always keeps someone who can administer it.</summary>
internal static class LastAdministrator
{
    /// <summary>Two administrators who remove each other at once must not both succeed.</summary>
    public static Task LockAsync(Work work, CancellationToken cancel) => work.ExecuteAsync("select pg_advisory_xact_lock(hashtext('cirt.setup'))", null, cancel);

    public static Task<bool> IsAsync(Work work, UserId user, CancellationToken cancel) => work.FindAsync<bool>(Accounts.IsLastAdministrator, new { Id = user }, cancel);
}
