using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>What the page behind an invitation or reset link asks for.</summary>
/// <param name="Token">The link's secret.</param>
/// <param name="Password">Chosen by the person.</param>
/// <param name="Language">Two letters, or empty to leave it.</param>
internal sealed record Acceptance(string Token, string Password, string Language);

/// <summary>Sets the password of who holds an invitation or reset link; the link is used up and earlier log-ins end.</summary>
internal sealed class AcceptInvitation(Database database, UserManager<User> users, UserStore store, OneTimeLinks links, Sessions sessions) : Act<Acceptance, UserId>(database)
{
    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<UserId>> HandleAsync(Work work, Acceptance request, CancellationToken cancel)
    {
        if (await links.UseAsync(work, request.Token, cancel, OneTimeLinks.Invite, OneTimeLinks.Reset) is not { UserId: { } id } link)
            return Refuse.Forbidden("kernel.invite.link");
        using var joined = store.Join(work);
        var user = (await store.FindByIdAsync(id.ToString(), cancel))!;
        if (user.State == UserState.Locked)
            return Refuse.Forbidden("kernel.invite.link");
        if (PasswordRules.Check(user.Name, request.Password) is { } refusal)
            return refusal;
        user.State = UserState.Active;
        user.PasswordHash = users.PasswordHasher.HashPassword(user, request.Password);
        if (Languages.All.Contains(request.Language))
            user.Language = request.Language;
        if (Accounts.RefusalOf(await users.UpdateSecurityStampAsync(user)) is { } refused)
            return refused;
        await sessions.EndAllAsync(work, id, "new password", cancel);
        work.Audit(link.Kind == OneTimeLinks.Invite ? "kernel.invitation.accepted" : "kernel.password.reset", $"user/{id}", new { user.Name });
        return id;
    }
}

/// <summary>Who a link is for, for the page that opens it.</summary>
/// <param name="Kind">invite or reset.</param>
/// <param name="Name">Log-in name.</param>
/// <param name="DisplayName">Name shown to colleagues.</param>
/// <param name="Language">Two letters.</param>
internal sealed record LinkCard(string Kind, string Name, string DisplayName, string Language);

/// <summary>Reads a link without using it up. Knowing the secret is the right to do so.</summary>
internal sealed class LookAtLink(OneTimeLinks links)
{
    public async Task<LinkCard?> FindAsync(string secret, CancellationToken cancel) =>
        await links.LookAsync(secret, cancel, OneTimeLinks.Invite, OneTimeLinks.Reset) is { Name: { } name } row
            ? new(row.Kind, name, row.DisplayName!, row.Language!)
            : null;
}
