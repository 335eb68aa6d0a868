using System.Security.Cryptography;
using System.Text;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.DataProtection;

namespace Appliance.Kernel.Mail;

/// <summary>The keys that people have put in, as the ring takes them: their public part, and the secret one opened. Thread-safe.</summary>
internal sealed class StoredKeys(Database database, Lazy<IDataProtectionProvider> protection)
{
    private const string Stamp = "select concat(count(*), ' ', extract(epoch from max(added_at)), ' ', md5(string_agg(fingerprint, ' ' order by fingerprint))) from kernel.mail_keys";

    private const string All = "select scheme, fingerprint, public_key, secret, added_at from kernel.mail_keys where not pending order by added_at, id";

    // Where nothing is stored, the appliance's keys need not be there: verbs and tools read mail without them.
    private readonly Lazy<IDataProtector> _protector = new(() => protection.Value.CreateProtector("kernel.mail-keys"));

    /// <summary>Changes when a key is put in, renewed or removed.</summary>
    public async Task<string> StampAsync(CancellationToken cancel) => await database.FindAsync<string>(Stamp, null, cancel) ?? "";

    /// <summary>All of them. A secret that the appliance's keys no longer open is left out: somebody restored the database without them.</summary>
    public async Task<IReadOnlyList<StoredKey>> ReadAsync(CancellationToken cancel) =>
        [.. (await database.QueryAsync<KeyRow>(All, null, cancel)).Select(r => new StoredKey(r.Scheme, r.Fingerprint, r.PublicKey, Open(r.Secret), r.AddedAt, r.Secret is not null))];

    /// <summary>What stands in the row for a secret part.</summary>
    public string Seal(byte[] secret) => _protector.Value.Protect(Convert.ToBase64String(secret));

    /// <summary>The secret part, or null when it cannot be opened.</summary>
    public byte[]? Open(string? stored)
    {
        try
        {
            return stored is null ? null : Convert.FromBase64String(_protector.Value.Unprotect(stored));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed class KeyRow
    {
        public string Scheme { get; set; } = "";

        public string Fingerprint { get; set; } = "";

        public byte[] PublicKey { get; set; } = [];

        public string? Secret { get; set; }

        public DateTimeOffset AddedAt { get; set; }
    }
}

/// <summary>A key as the ring takes it.</summary>
/// <param name="Scheme">openpgp or smime.</param>
/// <param name="Fingerprint">Its name.</param>
/// <param name="Public">OpenPGP packets, or a certificate (DER).</param>
/// <param name="Secret">OpenPGP packets, or PKCS #8; null with the keys of others.</param>
/// <param name="AddedAt">When it was put in.</param>
/// <param name="Own">True when it ought to have a secret part.</param>
internal sealed record StoredKey(string Scheme, string Fingerprint, byte[] Public, byte[]? Secret, DateTimeOffset AddedAt, bool Own);
