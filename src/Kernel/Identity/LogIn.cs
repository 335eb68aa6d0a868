using System.Net;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>Log-in by password, then by code where the person has an authenticator. Known and unknown names take the same steps and get the same answers.</summary>
internal sealed class LogIn(Database database, UserManager<User> users, UserStore store, Sessions sessions, LogInTries tries)
{
    /// <summary>Verified in place of a hash that is not there, so that unknown names cost the same.</summary>
    private static string? s_nobody;

    /// <summary>Checks name and password.</summary>
    public async Task<LogInStep> ByPasswordAsync(string? name, string? password, LogInFrom from, CancellationToken cancel)
    {
        var normal = NameForm.Of(name);
        if (normal.Length is 0 or > 200 || string.IsNullOrEmpty(password) || password.Length > PasswordRules.Longest)
            return LogInStep.Refused("kernel.login.wrong");
        var address = LogInTries.KeyOf(from.Address);
        if (!(await tries.TakeAsync("address", address, LogInTries.AddressMax, cancel)).Allowed)
            return LogInStep.Refused("kernel.login.address");
        var user = await store.FindByNameAsync(normal, cancel);
        var taken = await tries.TakeAsync("password", KeyOf(user, normal), LogInTries.PasswordMax, cancel);
        var right = Verify(user, password) && user!.State == UserState.Active;
        if (!taken.Allowed)
            return LogInStep.Refused("kernel.login.locked");
        if (!right)
        {
            if (taken.LockedUntil is { } until)
                await NoteLockAsync(user, "password", until, from, cancel);
            return LogInStep.Refused("kernel.login.wrong");
        }
        await tries.ForgetAsync("password", KeyOf(user, normal), cancel);
        await tries.GiveBackAsync("address", address, cancel);
        return await HasFactorAsync(user!, cancel) ? LogInStep.NeedsCode(user!) : await OpenAsync(user!, "password", from, cancel);
    }

    /// <summary>Checks the code of the authenticator, or a recovery code, of someone whose password was right.</summary>
    public async Task<LogInStep> ByCodeAsync(UserId id, string? code, LogInFrom from, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(code) || code.Length > 64)
            return LogInStep.Refused("kernel.login.code");
        var user = await store.FindByIdAsync(id.ToString(), cancel);
        var taken = await tries.TakeAsync("code", id.ToString(), LogInTries.CodeMax, cancel);
        if (!taken.Allowed)
            return LogInStep.Refused("kernel.login.locked");
        if (user is not { State: UserState.Active })
            return LogInStep.Refused("kernel.login.code");
        var byApp = user.TotpEnabled && await users.VerifyTwoFactorTokenAsync(user, users.Options.Tokens.AuthenticatorTokenProvider, code);
        var byRecovery = !byApp && await store.RedeemCodeAsync(user, code, cancel);
        if (!byApp && !byRecovery)
        {
            if (taken.LockedUntil is { } until)
                await NoteLockAsync(user, "code", until, from, cancel);
            return LogInStep.Refused("kernel.login.code");
        }
        await tries.ForgetAsync("code", id.ToString(), cancel);
        return await OpenAsync(user, byApp ? "code" : "recovery", from, cancel);
    }

    /// <summary>Opens a session for someone who proved who he is.</summary>
    /// <param name="user">Who.</param>
    /// <param name="factor">How, as stored: password, code, recovery, passkey or link.</param>
    /// <param name="from">Where from.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<LogInStep> OpenAsync(User user, string factor, LogInFrom from, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(AsPerson(user), cancel);
        var session = await sessions.OpenAsync(work, user.Id, from.Address, from.Agent, factor, cancel);
        work.Audit("kernel.session.opened", $"user/{user.Id}", new { factor, from = from.Address?.ToString() });
        await work.CommitAsync(cancel);
        return LogInStep.Welcome(user, session);
    }

    /// <summary>Opens a session for someone who just set a password through a one-time link.</summary>
    public async Task<LogInStep> OpenByLinkAsync(UserId id, LogInFrom from, CancellationToken cancel) =>
        await store.FindByIdAsync(id.ToString(), cancel) is { State: UserState.Active } user
            ? await HasFactorAsync(user, cancel) ? LogInStep.NeedsCode(user) : await OpenAsync(user, "link", from, cancel)
            : LogInStep.Refused("kernel.login.wrong");

    /// <summary>True where a password alone does not let in.</summary>
    public async Task<bool> HasFactorAsync(User user, CancellationToken cancel) =>
        user.TotpEnabled || (await store.GetPasskeysAsync(user, cancel)).Count > 0;

    /// <summary>Ends a session at the person's wish.</summary>
    public async Task CloseAsync(Guid session, Viewer viewer, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(viewer, cancel);
        await sessions.EndAsync(work, session, "logged out", cancel);
        work.Audit("kernel.session.closed", $"user/{viewer.Id}");
        await work.CommitAsync(cancel);
    }

    internal static Viewer AsPerson(User user) => new()
    {
        Id = user.Id,
        Name = user.DisplayName,
        Permissions = [],
        Language = user.Language,
    };

    private bool Verify(User? user, string password)
    {
        var nobody = s_nobody ??= users.PasswordHasher.HashPassword(new User(), "nobody has this password");
        var result = users.PasswordHasher.VerifyHashedPassword(user ?? new User(), user?.PasswordHash ?? nobody, password);
        return user?.PasswordHash is not null && result != PasswordVerificationResult.Failed;
    }

    /// <summary>Locks of unknown names are written too: the same work for both, and guessing shows in the trail. The typed name is not; people type passwords there.</summary>
    private async Task NoteLockAsync(User? user, string what, DateTimeOffset until, LogInFrom from, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        work.Audit("kernel.account.locked-by-tries", user is null ? "user/unknown" : $"user/{user.Id}", new { what, until, from = from.Address?.ToString() });
        await work.CommitAsync(cancel);
    }

    private static string KeyOf(User? user, string normal) => user?.Id.ToString() ?? Convert.ToHexStringLower(Tokens.HashOf(normal));
}

/// <summary>Where a log-in comes from.</summary>
/// <param name="Address">Peer address.</param>
/// <param name="Agent">User-Agent header, cut.</param>
internal sealed record LogInFrom(IPAddress? Address, string Agent)
{
    public static LogInFrom Of(HttpContext http) => new(http.Connection.RemoteIpAddress, http.Request.Headers.UserAgent.ToString());
}

/// <summary>How far a log-in came: refused, waiting for the code, or in.</summary>
internal sealed record LogInStep(string? RefusedBy, User? User, Guid? Session)
{
    public static LogInStep Refused(string key) => new(key, null, null);

    public static LogInStep NeedsCode(User user) => new(null, user, null);

    public static LogInStep Welcome(User user, Guid session) => new(null, user, session);
}
