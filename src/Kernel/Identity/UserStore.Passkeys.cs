using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

internal sealed partial class UserStore : IUserPasskeyStore<User>
{
    private const string PasskeyColumns =
        "credential_id, user_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, attestation, client_data, created_at, last_used_at";

    private const string PasskeysOf = $"select {PasskeyColumns} from identity.passkeys where user_id = @Id order by created_at";

    private const string PasskeyOf = $"select {PasskeyColumns} from identity.passkeys where user_id = @Id and credential_id = @Credential";

    private const string UserOfPasskey = $"select {Columns} from identity.users where id = (select user_id from identity.passkeys where credential_id = @Credential)";

    // A credential stays with the person who registered it: the same one offered again for another changes nothing.
    private const string UpsertPasskey =
        """
        insert into identity.passkeys as p (credential_id, user_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, attestation, client_data, created_at)
        values (@Credential, @Id, @Name, @PublicKey, @SignCount, @Transports, @UserVerified, @BackupEligible, @BackedUp, @Attestation, @ClientData, @CreatedAt)
        on conflict (credential_id) do update
        set name = excluded.name, sign_count = excluded.sign_count, user_verified = excluded.user_verified, backed_up = excluded.backed_up, last_used_at = @Now
        where p.user_id = excluded.user_id
        """;

    private const string DropPasskey = "delete from identity.passkeys where user_id = @Id and credential_id = @Credential";

    /// <summary>The framework's view of the person's passkeys.</summary>
    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(User user, CancellationToken cancellationToken) =>
        [.. (await ListPasskeysAsync(user.Id, cancellationToken)).Select(r => r.Read())];

    /// <summary>The person's passkeys as stored, the oldest first.</summary>
    public Task<IReadOnlyList<PasskeyRow>> ListPasskeysAsync(Contracts.UserId user, CancellationToken cancel) =>
        _work is { } work ? work.QueryAsync<PasskeyRow>(PasskeysOf, new { Id = user }, cancel) : database.QueryAsync<PasskeyRow>(PasskeysOf, new { Id = user }, cancel);

    public Task<User?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        FindAsync(UserOfPasskey, new { Credential = credentialId }, cancellationToken);

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken)
    {
        var parameters = new { user.Id, Credential = credentialId };
        var row = _work is { } work ? await work.FindAsync<PasskeyRow>(PasskeyOf, parameters, cancellationToken) : await database.FindAsync<PasskeyRow>(PasskeyOf, parameters, cancellationToken);
        return row?.Read();
    }

    public Task AddOrUpdatePasskeyAsync(User user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => StorePasskeyAsync(user, passkey, cancellationToken);

    /// <summary>Adds or updates; false where the credential belongs to somebody else.</summary>
    public async Task<bool> StorePasskeyAsync(User user, UserPasskeyInfo passkey, CancellationToken cancel) =>
        await ExecuteAsync(
            UpsertPasskey,
            new
            {
                user.Id,
                Credential = passkey.CredentialId,
                Name = passkey.Name ?? "",
                passkey.PublicKey,
                SignCount = (long)passkey.SignCount,
                Transports = passkey.Transports ?? [],
                UserVerified = passkey.IsUserVerified,
                BackupEligible = passkey.IsBackupEligible,
                BackedUp = passkey.IsBackedUp,
                Attestation = passkey.AttestationObject,
                ClientData = passkey.ClientDataJson,
                passkey.CreatedAt,
                Now = time.GetUtcNow(),
            },
            cancel) == 1;

    public Task RemovePasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) => DropPasskeyAsync(user, credentialId, cancellationToken);

    /// <summary>Removes one; false where the person has no such passkey.</summary>
    public async Task<bool> DropPasskeyAsync(User user, byte[] credentialId, CancellationToken cancel) =>
        await ExecuteAsync(DropPasskey, new { user.Id, Credential = credentialId }, cancel) == 1;
}

/// <summary>A passkey as stored.</summary>
internal sealed class PasskeyRow
{
    public byte[] CredentialId { get; set; } = [];

    public Contracts.UserId UserId { get; set; }

    public string Name { get; set; } = "";

    public byte[] PublicKey { get; set; } = [];

    public long SignCount { get; set; }

    public string[] Transports { get; set; } = [];

    public bool UserVerified { get; set; }

    public bool BackupEligible { get; set; }

    public bool BackedUp { get; set; }

    public byte[] Attestation { get; set; } = [];

    public byte[] ClientData { get; set; } = [];

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public UserPasskeyInfo Read() =>
        new(CredentialId, PublicKey, CreatedAt, (uint)SignCount, Transports, UserVerified, BackupEligible, BackedUp, Attestation, ClientData) { Name = Name };
}
