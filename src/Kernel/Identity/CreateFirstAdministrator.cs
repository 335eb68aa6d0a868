using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>What the set-up page asks for.</summary>
/// <param name="Token">From the one-time link that the host printed.</param>
/// <param name="Name">Log-in name.</param>
/// <param name="DisplayName">Shown to colleagues; the log-in name where empty.</param>
/// <param name="Mail">Mail address, or empty.</param>
/// <param name="Password">Chosen by the person.</param>
/// <param name="Language">Two letters; English where empty.</param>
internal sealed record FirstAdministrator(string Token, string Name, string DisplayName, string Mail, string Password, string Language);

/// <summary>Makes the first administrator, once, for who holds the set-up link.</summary>
internal sealed class CreateFirstAdministrator(Database database, UserManager<User> users, UserStore store, OneTimeLinks links) : Act<FirstAdministrator, UserId>(database)
{
    public override Permission Permission => KernelPermissions.ManageUsers;

    protected override async Task<Outcome<UserId>> HandleAsync(Work work, FirstAdministrator request, CancellationToken cancel)
    {
        // One at a time: two browsers with the same link make one administrator.
        await work.ExecuteAsync("select pg_advisory_xact_lock(hashtext('cirt.setup'))", null, cancel);
        if (await work.FindAsync<bool>(Accounts.AdministratorExists, null, cancel))
            return Refuse.Conflict("kernel.setup.done");
        if (await links.UseAsync(work, request.Token, cancel, OneTimeLinks.Setup) is null)
            return Refuse.Forbidden("kernel.setup.link");
        var user = Accounts.New(request.Name, request.DisplayName, request.Mail, request.Language, work.Now);
        user.State = UserState.Active;
        if ((Accounts.Check(user) ?? PasswordRules.Check(user.Name, request.Password)) is { } refusal)
            return refusal;
        using var joined = store.Join(work);
        if (Accounts.RefusalOf(await users.CreateAsync(user, request.Password)) is { } refused)
            return refused;
        await Accounts.SetRolesAsync(work, user.Id, [Role.Administrator], [], cancel);
        work.Audit("kernel.user.created", $"user/{user.Id}", new { user.Name, roles = new[] { Role.Administrator }, by = "set-up link" });
        return user.Id;
    }
}

/// <summary>The set-up link: made at start while there is no administrator.</summary>
public sealed class SetupLink
{
    private readonly Database _database;
    private readonly OneTimeLinks _links;

    internal SetupLink(Database database, OneTimeLinks links) => (_database, _links) = (database, links);

    /// <summary>How long a link works.</summary>
    public static TimeSpan Lives { get; } = TimeSpan.FromHours(1);

    /// <summary>True while nobody could log in to administer.</summary>
    public async Task<bool> IsNeededAsync(CancellationToken cancel) => !await _database.FindAsync<bool>(Accounts.AdministratorExists, null, cancel);

    /// <summary>A new link's path and query, which ends every earlier one; null once there is an administrator.</summary>
    public async Task<string?> IssueAsync(CancellationToken cancel)
    {
        await using var work = await _database.BeginAsync(Viewer.System("kernel"), cancel);
        if (await work.FindAsync<bool>(Accounts.AdministratorExists, null, cancel))
            return null;
        var secret = await _links.IssueAsync(work, OneTimeLinks.Setup, null, Lives, cancel);
        work.Audit("kernel.setup-link.issued", "appliance");
        await work.CommitAsync(cancel);
        return $"/setup?token={secret}";
    }

    /// <summary>True when the link of a set-up page still works.</summary>
    public async Task<bool> WorksAsync(string secret, CancellationToken cancel) =>
        await _links.LookAsync(secret, cancel, OneTimeLinks.Setup) is not null && await IsNeededAsync(cancel);
}
