using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Appliance.Contracts;

namespace Appliance.Kernel.Mail;

/// <summary>
/// Reads the keys in bytes that somebody brought: OpenPGP (armoured or not) by gpg in a home of its own that goes again, certificates (PEM, DER), and PKCS #12.
/// A secret key is held only without its passphrase, so that the host can use it at night.
/// </summary>
internal static class KeyReading
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MostBytes = 1 << 20;

    private const int MostKeys = 50;

    /// <summary>The keys, or why there are none. <paramref name="known"/> is what is stored already of some of them: a renewed key keeps what its older copy knew, a revocation above all.</summary>
    public static async Task<Outcome<IReadOnlyList<FoundKey>>> ReadAsync(byte[] bytes, string? passphrase, byte[] known, CancellationToken cancel)
    {
        if (bytes.Length is 0 or > MostBytes)
            return Refuse.Invalid("kernel.mail-keys.refused.size", "content", MostBytes / 1024);
        var text = bytes.AsSpan().IndexOfAnyExceptInRange((byte)1, (byte)127) < 0 ? Encoding.ASCII.GetString(bytes) : Encoding.UTF8.GetString(bytes);
        var found = text.Contains("-----BEGIN PGP", StringComparison.Ordinal) || (bytes[0] & 0x80) != 0 ? await OpenPgpAsync(bytes, passphrase, known, cancel) : Certificates(bytes, text, passphrase);
        if (!found.TryGet(out var keys))
            return found;
        return keys.Count == 0 ? Refuse.Invalid("kernel.mail-keys.refused.none", "content") : keys.Count > MostKeys ? Refuse.Invalid("kernel.mail-keys.refused.many", "content", MostKeys) : found;
    }

    /// <summary>What was pasted: armour as it stands, or bytes in base64.</summary>
    public static byte[] Bytes(string content)
    {
        var trimmed = content.Trim();
        if (trimmed.Contains("-----BEGIN", StringComparison.Ordinal))
            return Encoding.UTF8.GetBytes(trimmed + "\n");
        var bytes = new byte[trimmed.Length];
        return Convert.TryFromBase64String(trimmed, bytes, out var length) ? bytes[..length] : Encoding.UTF8.GetBytes(trimmed);
    }

    private static async Task<Outcome<IReadOnlyList<FoundKey>>> OpenPgpAsync(byte[] bytes, string? passphrase, byte[] known, CancellationToken cancel)
    {
        if (!GpgProgram.IsPresent)
            return Refuse.Unavailable("kernel.mail-keys.refused.no-gpg");
        using var home = new GpgHome();
        try
        {
            if (known.Length > 0)
                await GpgProgram.RunAsync(home.Path, ["--import"], known, cancel);
            // Signatures of others say nothing here, and a key can be flooded with them.
            var answer = await GpgProgram.RunAsync(home.Path, ["--import-options", "self-sigs-only", "--import"], bytes, cancel);
            var brought = answer.Status.Where(s => s.StartsWith("IMPORT_OK ", StringComparison.Ordinal)).Select(s => s.Split(' ')).Where(w => w.Length > 2).Select(w => w[2]).ToHashSet();
            if (brought.Count > MostKeys)
                return Refuse.Invalid("kernel.mail-keys.refused.many", "content", MostKeys);
            var keys = new List<FoundKey>();
            foreach (var key in (await OpenPgpKey.ListAsync(home.Path, cancel)).Where(k => brought.Contains(k.Fingerprint)))
            {
                byte[]? secret = null;
                if (key.Own && (secret = await SecretAsync(home.Path, key.Fingerprint, passphrase, cancel)) is null)
                    return Refuse.Invalid(string.IsNullOrEmpty(passphrase) ? "kernel.mail-keys.refused.needs-passphrase" : "kernel.mail-keys.refused.passphrase", "passphrase");
                keys.Add(Found(key, (await GpgProgram.RunAsync(home.Path, ["--export", key.Fingerprint], default, cancel)).Output, secret));
            }
            return keys;
        }
        catch (TimeoutException)
        {
            return Refuse.Invalid("kernel.mail-keys.refused.too-much", "content");
        }
    }

    internal static FoundKey Found(OpenPgpKey key, byte[] bytes, byte[]? secret) => new()
    {
        Scheme = "openpgp",
        Fingerprint = key.Fingerprint,
        Name = FoundKey.Cut(key.UserIds.FirstOrDefault() ?? key.Fingerprint, 300),
        Addresses = [.. key.Addresses.Take(50)],
        Algorithm = key.Algorithm,
        MadeAt = key.Created,
        ExpiresAt = key.Expires,
        Revoked = key.Revoked,
        Signs = key is { Valid: true, Signs: true },
        Encrypts = key is { Valid: true, Encrypts: true },
        Own = secret is not null,
        Public = bytes,
        Secret = secret,
    };

    /// <summary>The secret key without passphrase, or null when the passphrase is not the right one.</summary>
    internal static async Task<byte[]?> SecretAsync(string home, string fingerprint, string? passphrase, CancellationToken cancel)
    {
        // gpg's agent gives a protected key out only by its passphrase, which nobody can be asked for here.
        string[] export = ["--export-secret-keys", fingerprint];
        if (!string.IsNullOrEmpty(passphrase) && !passphrase.AsSpan().ContainsAny('\n', '\r', '\0'))
        {
            // Asked in turn: the old one, which is remembered, and for each part the new one, which is none.
            var answers = passphrase + new string('\n', 40);
            await GpgProgram.AskAsync(home, ["--command-fd", "0", "--pinentry-mode", "loopback", "--passwd", fingerprint], Encoding.UTF8.GetBytes(answers), cancel);
        }
        var answer = await GpgProgram.RunAsync(home, export, default, cancel);
        return answer.Output.Length > 0 && !answer.Has("ERROR") ? answer.Output : null;
    }

    private static Outcome<IReadOnlyList<FoundKey>> Certificates(byte[] bytes, string text, string? passphrase)
    {
        var found = new X509Certificate2Collection();
        try
        {
            if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
            {
                if (X509Certificate2.GetCertContentType(bytes) is X509ContentType.Pkcs12)
                    return Pkcs12(bytes, passphrase);
                found.Add(X509CertificateLoader.LoadCertificate(bytes));
            }
            else if (text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
                found.Add(text.Contains("ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal) ? X509Certificate2.CreateFromEncryptedPem(text, text, passphrase ?? "") : X509Certificate2.CreateFromPem(text, text));
            else
                found.ImportFromPem(text);
            return Kept(found);
        }
        catch (CryptographicException)
        {
            return text.Contains("ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
                ? Refuse.Invalid(string.IsNullOrEmpty(passphrase) ? "kernel.mail-keys.refused.needs-passphrase" : "kernel.mail-keys.refused.passphrase", "passphrase")
                : Refuse.Invalid("kernel.mail-keys.refused.none", "content");
        }
        finally
        {
            foreach (var certificate in found)
                certificate.Dispose();
        }
    }

    private static Outcome<IReadOnlyList<FoundKey>> Pkcs12(byte[] bytes, string? passphrase)
    {
        X509Certificate2Collection found;
        try
        {
            found = X509CertificateLoader.LoadPkcs12Collection(bytes, passphrase ?? "", X509KeyStorageFlags.Exportable | X509KeyStorageFlags.EphemeralKeySet, Pkcs12LoaderLimits.Defaults);
        }
        catch (Pkcs12LoadLimitExceededException)
        {
            return Refuse.Invalid("kernel.mail-keys.refused.too-much", "content");
        }
        catch (CryptographicException)
        {
            return Refuse.Invalid(string.IsNullOrEmpty(passphrase) ? "kernel.mail-keys.refused.needs-passphrase" : "kernel.mail-keys.refused.passphrase", "passphrase");
        }
        var keys = Kept(found);
        foreach (var certificate in found)
            certificate.Dispose();
        return keys;
    }

    private static Outcome<IReadOnlyList<FoundKey>> Kept(X509Certificate2Collection found) => found.Count > MostKeys
        ? Refuse.Invalid("kernel.mail-keys.refused.many", "content", MostKeys)
        : found.Select(Found).DistinctBy(k => k.Fingerprint).ToArray();

    internal static FoundKey Found(X509Certificate2 certificate)
    {
        using var secret = certificate.HasPrivateKey ? (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey() : null;
        var pkcs8 = secret?.ExportPkcs8PrivateKey();
        using var rsa = certificate.GetRSAPublicKey();
        using var ecdsa = certificate.GetECDsaPublicKey();
        return new FoundKey
        {
            Scheme = "smime",
            Fingerprint = MailCertificate.Fingerprint(certificate),
            Name = FoundKey.Cut(certificate.GetNameInfo(X509NameType.SimpleName, false) is { Length: > 0 } name ? name : certificate.Subject, 300),
            Addresses = [.. MailCertificate.Addresses(certificate).Take(50)],
            Algorithm = rsa is not null ? $"rsa{rsa.KeySize}" : ecdsa is not null ? $"ec{ecdsa.KeySize}" : certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "?",
            MadeAt = new DateTimeOffset(certificate.NotBefore).ToUniversalTime(),
            ExpiresAt = new DateTimeOffset(certificate.NotAfter).ToUniversalTime(),
            Signs = MailCertificate.Signs(certificate),
            Encrypts = MailCertificate.Encrypts(certificate),
            Authority = MailCertificate.IsAuthority(certificate) && pkcs8 is null,
            Own = pkcs8 is not null,
            Public = certificate.RawData,
            Secret = pkcs8,
        };
    }
}
