using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>The framework's user stores over the schema <c>identity</c>. Inside an act it takes part in the act's transaction.</summary>
internal sealed partial class UserStore(Database database, IDataProtectionProvider protection, TimeProvider time) :
    IUserPasswordStore<User>,
    IUserSecurityStampStore<User>,
    IUserEmailStore<User>
{
    private const string Columns =
        "id, name, normal_name, display_name, mail, normal_mail, password_hash, security_stamp, totp_secret, totp_enabled, totp_step, state, constituent, reads_up_to, language, created_at, last_log_in_at";

    private const string ById = $"select {Columns} from identity.users where id = @Id";

    private const string ByName = $"select {Columns} from identity.users where normal_name = @Name";

    private const string ByMail = $"select {Columns} from identity.users where normal_mail = @Mail and normal_mail <> '' order by id limit 1";

    private const string Insert =
        """
        insert into identity.users (id, name, normal_name, display_name, mail, normal_mail, password_hash, security_stamp, totp_secret, totp_enabled, state, constituent, reads_up_to, language, created_at)
        values (@Id, @Name, @NormalName, @DisplayName, @Mail, @NormalMail, @PasswordHash, @SecurityStamp, @TotpSecret, @TotpEnabled, @State, @Constituent, @ReadsUpTo, @Language, @CreatedAt)
        """;

    private const string Update =
        """
        update identity.users
        set name = @Name, normal_name = @NormalName, display_name = @DisplayName, mail = @Mail, normal_mail = @NormalMail, password_hash = @PasswordHash,
            security_stamp = @SecurityStamp, totp_secret = @TotpSecret, totp_enabled = @TotpEnabled, state = @State, constituent = @Constituent,
            reads_up_to = @ReadsUpTo, language = @Language, last_log_in_at = @LastLogInAt
        where id = @Id
        """;

    private Work? _work;

    /// <summary>Runs what follows inside <paramref name="work"/> until the answer is disposed.</summary>
    public IDisposable Join(Work work)
    {
        _work = _work is null ? work : throw new InvalidOperationException("the user store already takes part in an act");
        return new Leave(this);
    }

    public async Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) ? await FindAsync(ById, new { Id = id }, cancellationToken) : null;

    public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        FindAsync(ByName, new { Name = normalizedUserName }, cancellationToken);

    public Task<User?> FindByEmailAsync(string normalizedEmail, CancellationToken cancellationToken) =>
        FindAsync(ByMail, new { Mail = normalizedEmail }, cancellationToken);

    public async Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken)
    {
        await ExecuteAsync(Insert, user, cancellationToken);
        return IdentityResult.Success;
    }

    public async Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken) =>
        await ExecuteAsync(Update, user, cancellationToken) == 1
            ? IdentityResult.Success
            : IdentityResult.Failed(new IdentityError { Code = "kernel.user.gone", Description = "The account is gone." });

    /// <summary>People are locked, never deleted: the audit trail names them.</summary>
    public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException("people are locked, not deleted");

    public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Name);

    public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => Set(() => user.Name = userName ?? "");

    public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.NormalName);

    public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => Set(() => user.NormalName = normalizedName ?? "");

    public Task<string?> GetPasswordHashAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task SetPasswordHashAsync(User user, string? passwordHash, CancellationToken cancellationToken) => Set(() => user.PasswordHash = passwordHash);

    public Task<bool> HasPasswordAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task<string?> GetSecurityStampAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.SecurityStamp);

    public Task SetSecurityStampAsync(User user, string stamp, CancellationToken cancellationToken) => Set(() => user.SecurityStamp = stamp);

    public Task<string?> GetEmailAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Mail);

    public Task SetEmailAsync(User user, string? email, CancellationToken cancellationToken) => Set(() => user.Mail = email ?? "");

    public Task<bool> GetEmailConfirmedAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.State != UserState.Invited);

    public Task SetEmailConfirmedAsync(User user, bool confirmed, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<string?> GetNormalizedEmailAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.NormalMail);

    public Task SetNormalizedEmailAsync(User user, string? normalizedEmail, CancellationToken cancellationToken) => Set(() => user.NormalMail = normalizedEmail ?? "");

    public void Dispose()
    {
    }

    private static Task Set(Action change)
    {
        change();
        return Task.CompletedTask;
    }

    private Task<User?> FindAsync(string sql, object parameters, CancellationToken cancel) =>
        _work is { } work ? work.FindAsync<User>(sql, parameters, cancel) : database.FindAsync<User>(sql, parameters, cancel);

    private Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancel) =>
        _work is { } work ? work.ExecuteAsync(sql, parameters, cancel) : database.ExecuteAsync(sql, parameters, cancel);

    private sealed class Leave(UserStore store) : IDisposable
    {
        public void Dispose() => store._work = null;
    }
}
