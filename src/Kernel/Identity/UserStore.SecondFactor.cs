using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

internal sealed partial class UserStore :
    IUserTwoFactorStore<User>,
    IUserAuthenticatorKeyStore<User>,
    IUserTwoFactorRecoveryCodeStore<User>
{
    private const string UseStep = "update identity.users set totp_step = @Step where id = @Id and totp_step < @Step";

    private const string DropCodes = "delete from identity.recovery_codes where user_id = @Id";

    private const string InsertCode = "insert into identity.recovery_codes (user_id, hash) values (@Id, @Hash)";

    private const string UseCode = "delete from identity.recovery_codes where user_id = @Id and hash = @Hash";

    private const string CountCodes = "select count(*)::int as count from identity.recovery_codes where user_id = @Id";

    private readonly IDataProtector _secrets = protection.CreateProtector("identity.totp");

    /// <summary>Marks the time step as used; false when it or a later one already was.</summary>
    public async Task<bool> UseStepAsync(User user, long step, CancellationToken cancel) =>
        await ExecuteAsync(UseStep, new { user.Id, Step = step }, cancel) == 1;

    public Task<bool> GetTwoFactorEnabledAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.TotpEnabled);

    public Task SetTwoFactorEnabledAsync(User user, bool enabled, CancellationToken cancellationToken) => Set(() => user.TotpEnabled = enabled);

    public Task<string?> GetAuthenticatorKeyAsync(User user, CancellationToken cancellationToken) =>
        Task.FromResult(user.TotpSecret is { } secret ? _secrets.Unprotect(secret) : null);

    public Task SetAuthenticatorKeyAsync(User user, string key, CancellationToken cancellationToken) => Set(() => user.TotpSecret = _secrets.Protect(key));

    public async Task ReplaceCodesAsync(User user, IEnumerable<string> recoveryCodes, CancellationToken cancellationToken)
    {
        await ExecuteAsync(DropCodes, new { user.Id }, cancellationToken);
        foreach (var code in recoveryCodes)
            await ExecuteAsync(InsertCode, new { user.Id, Hash = HashOf(user, code) }, cancellationToken);
    }

    /// <summary>Uses up a code: the row leaves with it, so two requests cannot both use it.</summary>
    public async Task<bool> RedeemCodeAsync(User user, string code, CancellationToken cancellationToken) =>
        await ExecuteAsync(UseCode, new { user.Id, Hash = HashOf(user, code) }, cancellationToken) == 1;

    public async Task<int> CountCodesAsync(User user, CancellationToken cancellationToken) =>
        _work is { } work
            ? await work.FindAsync<int>(CountCodes, new { user.Id }, cancellationToken)
            : await database.FindAsync<int>(CountCodes, new { user.Id }, cancellationToken);

    private static byte[] HashOf(User user, string code) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{user.Id}:{code.Trim().Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()}"));
}
