using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>Whom to invite.</summary>
/// <param name="Name">Log-in name.</param>
/// <param name="DisplayName">Shown to colleagues.</param>
/// <param name="Mail">Where the link may be sent, or empty.</param>
/// <param name="Roles">At least one; a constituent's person holds that role alone.</param>
/// <param name="Constituent">The organisation, for role constituent.</param>
/// <param name="Language">Two letters.</param>
/// <param name="ReadsUpTo">The most restrictive label read without being named.</param>
/// <param name="OwnRoles">Words of the appliance's own roles besides.</param>
/// <param name="CodeHash">SHA-256 of a code that the person holds already, on a printed card: it opens the account in place of a new link.</param>
internal sealed record Invitation(string Name, string DisplayName, string Mail, IReadOnlyList<Role> Roles, ConstituentId? Constituent = null, string Language = "en", Tlp ReadsUpTo = Tlp.AmberStrict, IReadOnlyList<string>? OwnRoles = null, byte[]? CodeHash = null);

/// <summary>A one-time link, to be mailed or printed by who asked for it; it is shown once and cannot be read again.</summary>
/// <param name="User">Whom it is for.</param>
/// <param name="Path">Path of the page on this site.</param>
/// <param name="ExpiresAt">When it stops working.</param>
/// <param name="Mailed">True when it was also queued as mail to the person.</param>
internal sealed record OneTimeLink(UserId User, string Path, DateTimeOffset ExpiresAt, bool Mailed = false);

/// <summary>Creates an account without password, and the link by which its person sets one.</summary>
internal sealed class InviteUser(Database database, UserManager<User> users, UserStore store, OneTimeLinks links, LinkMail mail, RolePermissions roles) : Act<Invitation, OneTimeLink>(database)
{
    public static TimeSpan Lives { get; } = TimeSpan.FromDays(7);

    /// <summary>A card travels with its machine.</summary>
    public static TimeSpan CardLives { get; } = TimeSpan.FromDays(30);

    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<OneTimeLink>> HandleAsync(Work work, Invitation request, CancellationToken cancel)
    {
        var user = Accounts.New(request.Name, request.DisplayName, request.Mail, request.Language, work.Now);
        if (Accounts.Check(user) is { } refusal)
            return refusal;
        if (RoleRules.Check(work.Viewer, request.Roles, request.OwnRoles ?? [], await roles.ReadAsync(cancel), request.Constituent) is { } forbidden)
            return forbidden;
        user.Constituent = request.Constituent;
        user.ReadsUpTo = (short)Math.Min((int)request.ReadsUpTo, (int)Tlp.AmberStrict);
        using var joined = store.Join(work);
        if (Accounts.RefusalOf(await users.CreateAsync(user)) is { } refused)
            return refused;
        await Accounts.SetRolesAsync(work, user.Id, request.Roles, request.OwnRoles ?? [], cancel);
        if (request.CodeHash is { } hash)
        {
            await links.IssueAsync(work, OneTimeLinks.Invite, user.Id, CardLives, hash, cancel);
            work.Audit("kernel.user.invited", $"user/{user.Id}", new { user.Name, request.Roles, request.OwnRoles, request.Constituent, by = "card" });
            return new OneTimeLink(user.Id, "", work.Now + CardLives);
        }
        var secret = await links.IssueAsync(work, OneTimeLinks.Invite, user.Id, Lives, cancel);
        var (path, expires) = ($"/invite/{secret}", work.Now + Lives);
        var mailed = await mail.QueueAsync(work, user, path, expires, cancel);
        work.Audit("kernel.user.invited", $"user/{user.Id}", new { user.Name, request.Roles, request.OwnRoles, request.Constituent, mailed });
        return new OneTimeLink(user.Id, path, expires, mailed);
    }
}

/// <summary>Which roles go together and who may give them.</summary>
internal static class RoleRules
{
    private const string IsAdministrator = "select exists (select 1 from identity.user_roles where user_id = @User and role = 'administrator')";

    /// <summary>Only administrators touch an administrator's account: a reset link for one is as good as being one.</summary>
    public static async Task<Refusal?> CheckTargetAsync(Work work, UserId user, CancellationToken cancel) =>
        !work.Viewer.IsSystem && !work.Viewer.Roles.Contains(Role.Administrator) && await work.FindAsync<bool>(IsAdministrator, new { User = user }, cancel)
            ? Refuse.Forbidden("kernel.user.administrator")
            : null;

    public static Refusal? Check(Viewer giver, IReadOnlyList<Role> roles, IReadOnlyList<string> own, RoleMap map, ConstituentId? constituent)
    {
        if (own.Any(word => map.Find(word) is null))
            return Refuse.Invalid("kernel.role.unknown", "roles");
        // Below an administrator nobody gives more than he has.
        if (!giver.IsSystem && !giver.Roles.Contains(Role.Administrator) && !own.SelectMany(map.Of).All(giver.Permissions.Contains))
            return Refuse.Forbidden("kernel.user.administrator");
        if (roles.Count + own.Count == 0 || roles.Contains(Role.Peer) || roles.Any(r => !Enum.IsDefined(r)))
            return Refuse.Invalid("kernel.user.roles", "roles");
        // One who installs the box must not make himself, or a friend, its owner's colleague for good; administrators appoint administrators.
        if (roles.Contains(Role.Administrator) && !giver.IsSystem && !giver.Roles.Contains(Role.Administrator))
            return Refuse.Forbidden("kernel.user.administrator");
        var outside = roles.Contains(Role.Constituent);
        if (outside && (roles.Count + own.Count > 1 || constituent is null))
            return Refuse.Invalid("kernel.user.constituent", "roles");
        return !outside && constituent is not null ? Refuse.Invalid("kernel.user.constituent", "constituent") : null;
    }
}
