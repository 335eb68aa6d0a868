using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>A person's own password, old and new.</summary>
internal sealed record PasswordChange(string Old, string New);

/// <summary>Changes one's own password; all other log-ins of the person end.</summary>
internal sealed class ChangePassword(Database database, UserManager<User> users, UserStore store, Sessions sessions, LogInTries tries, CurrentViewer current) : Act<PasswordChange, Done>(database)
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PasswordChange request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { } user)
            return Refuse.NotFound("kernel.user.unknown");
        // Whoever found an open screen must not guess the password here.
        var taken = await tries.TakeAsync("password", user.Id.ToString(), LogInTries.PasswordMax, cancel);
        if (!taken.Allowed)
            return Refuse.Conflict("kernel.login.locked");
        if (user.PasswordHash is null || users.PasswordHasher.VerifyHashedPassword(user, user.PasswordHash, request.Old) == PasswordVerificationResult.Failed)
            return Refuse.Invalid("kernel.password.wrong", "old");
        if (PasswordRules.Check(user.Name, request.New) is { } refusal)
            return refusal;
        user.PasswordHash = users.PasswordHasher.HashPassword(user, request.New);
        if (Accounts.RefusalOf(await users.UpdateSecurityStampAsync(user)) is { } refused)
            return refused;
        await sessions.EndAllAsync(work, user.Id, "new password", cancel, await current.SessionAsync() ?? default);
        await tries.ForgetAsync("password", user.Id.ToString(), cancel);
        work.Audit("kernel.password.changed", $"user/{user.Id}");
        return default(Done);
    }
}

/// <summary>What an authenticator needs to be set up: show the address as a QR code and the secret as text.</summary>
internal sealed record TotpOffer(string Secret, string Address);

/// <summary>Makes a new secret for one's authenticator; it counts once a code of it was given.</summary>
internal sealed class BeginTotp(Database database, UserManager<User> users, UserStore store, RecentProof recent) : Act<Done, TotpOffer>(database)
{
    public override Permission Permission => Permission.Enrolling;

    protected override async Task<Outcome<TotpOffer>> HandleAsync(Work work, Done request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { } user)
            return Refuse.NotFound("kernel.user.unknown");
        if (user.TotpEnabled)
            return Refuse.Conflict("kernel.totp.already");
        if (await recent.CheckAsync(cancel) is { } stale)
            return stale;
        var secret = TotpCodes.NewSecret();
        await store.SetAuthenticatorKeyAsync(user, secret, cancel);
        if (Accounts.RefusalOf(await users.UpdateAsync(user)) is { } refused)
            return refused;
        work.Audit("kernel.totp.offered", $"user/{user.Id}");
        return new TotpOffer(secret, TotpCodes.Address("CIRT", user.Name, secret));
    }
}

/// <summary>Switches the second factor on with a first code; answers the recovery codes, shown once. The other log-ins of the person end, this one is due for a new id.</summary>
internal sealed class EnableTotp(Database database, UserManager<User> users, UserStore store, LogInTries tries, Sessions sessions, CurrentViewer current) : Act<string, string[]>(database)
{
    public override Permission Permission => Permission.Enrolling;

    protected override async Task<Outcome<string[]>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { TotpSecret: not null } user)
            return Refuse.NotFound("kernel.totp.none");
        if (user.TotpEnabled)
            return Refuse.Conflict("kernel.totp.already");
        if (!await OwnCode.IsRightAsync(users, user, request, tries, cancel))
            return Refuse.Invalid("kernel.login.code", "code");
        user.TotpEnabled = true;
        var codes = await users.GenerateNewTwoFactorRecoveryCodesAsync(user, RecoveryCodes.Count);
        if (await current.SessionAsync() is { } session)
        {
            await sessions.EndAllAsync(work, user.Id, "new second factor", cancel, session);
            await sessions.NoteProofAsync(work, session, cancel);
        }
        work.Audit("kernel.totp.enabled", $"user/{user.Id}");
        return codes!.ToArray();
    }
}

/// <summary>Replaces the recovery codes, given a code of the authenticator; the old ones stop working.</summary>
internal sealed class NewRecoveryCodes(Database database, UserManager<User> users, UserStore store, LogInTries tries) : Act<string, string[]>(database)
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<string[]>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { TotpEnabled: true } user)
            return Refuse.NotFound("kernel.totp.none");
        if (!await OwnCode.IsRightAsync(users, user, request, tries, cancel))
            return Refuse.Invalid("kernel.login.code", "code");
        var codes = await users.GenerateNewTwoFactorRecoveryCodesAsync(user, RecoveryCodes.Count);
        work.Audit("kernel.recovery-codes.renewed", $"user/{user.Id}");
        return codes!.ToArray();
    }
}

/// <summary>Switches one's authenticator off, given a code of it; whoever must have a second factor keeps a passkey then.</summary>
internal sealed class DisableTotp(Database database, UserManager<User> users, UserStore store, LogInTries tries, AccountLimits limits) : Act<string, Done>(database)
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { TotpEnabled: true } user)
            return Refuse.NotFound("kernel.totp.none");
        if (!await OwnCode.IsRightAsync(users, user, request, tries, cancel))
            return Refuse.Invalid("kernel.login.code", "code");
        var none = (await store.ListPasskeysAsync(user.Id, cancel)).Count == 0;
        if (none && await limits.DemandsFactorAsync(work.Viewer.Permissions, cancel))
            return Refuse.Conflict("kernel.factor.last");
        (user.TotpEnabled, user.TotpSecret) = (false, null);
        if (none)
            await store.ReplaceCodesAsync(user, [], cancel);
        if (Accounts.RefusalOf(await users.UpdateSecurityStampAsync(user)) is { } refused)
            return refused;
        work.Audit("kernel.totp.disabled", $"user/{user.Id}");
        return default(Done);
    }
}

/// <summary>How many recovery codes a person gets.</summary>
internal static class RecoveryCodes
{
    public const int Count = 10;
}

/// <summary>Checks a code of one's own authenticator, with the same limit on tries as at log-in.</summary>
internal static class OwnCode
{
    public static async Task<bool> IsRightAsync(UserManager<User> users, User user, string code, LogInTries tries, CancellationToken cancel)
    {
        if (!(await tries.TakeAsync("code", user.Id.ToString(), LogInTries.CodeMax, cancel)).Allowed)
            return false;
        if (!await users.VerifyTwoFactorTokenAsync(user, users.Options.Tokens.AuthenticatorTokenProvider, code))
            return false;
        await tries.ForgetAsync("code", user.Id.ToString(), cancel);
        return true;
    }
}
