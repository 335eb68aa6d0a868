using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>
/// Wraps an entity of MIME in a signature or in encryption: PGP/MIME (RFC 3156) with gpg, S/MIME (RFC 8551) with openssl. Keys are named by their whole
/// fingerprint. Throws <see cref="SealFailedException"/> when the program refuses, <see cref="TimeoutException"/> when it does not answer.
/// </summary>
internal static class SealWriting
{
    private const string Openssl = "/usr/bin/openssl";

    private static readonly string[] s_gpg = ["--no-options", "--no-encrypt-to", "--armor", "--no-emit-version", "--no-comments", "--digest-algo", "SHA512"];

    /// <summary>The signature that stands beside what it covers, in OpenPGP armour.</summary>
    public static async Task<string> SignOpenPgpAsync(KeyRing ring, string entity, OpenPgpKey signer, CancellationToken cancel)
    {
        var answer = await GpgProgram.RunAsync(ring.Home, [.. s_gpg, "--local-user", signer.Fingerprint, "--detach-sign"], Encoding.ASCII.GetBytes(entity), cancel);
        return answer.Has("SIG_CREATED") ? Lines(answer.Output) : throw new SealFailedException("gpg did not sign", null);
    }

    /// <summary>Signed, where there is a key for it, and encrypted in one (RFC 3156 section 6.2). Where recipients are hidden, their keys are not named either.</summary>
    public static async Task<string> EncryptOpenPgpAsync(KeyRing ring, string entity, OpenPgpKey? signer, IReadOnlyList<RecipientKey> recipients, bool hidden, CancellationToken cancel)
    {
        // The keys are those of this ring, chosen by a person or the folder: gpg has no further say in whether they are trusted.
        List<string> arguments = [.. s_gpg, "--encrypt"];
        if (signer is not null)
            arguments.AddRange(["--sign", "--local-user", signer.Fingerprint]);
        var keys = recipients.Select(r => r.Fingerprint!).Concat(signer is { Encrypts: true } ? [signer.Fingerprint] : []).Distinct();
        foreach (var key in keys)
            arguments.AddRange([hidden ? "--hidden-recipient" : "--recipient", key]);
        var answer = await GpgProgram.RunAsync(ring.Home, arguments, Encoding.ASCII.GetBytes(entity), cancel);
        if (answer.Find("INV_RECP") is { Length: > 2 } refused)
            throw new SealFailedException("gpg refused a key", recipients.FirstOrDefault(r => r.Fingerprint == refused[2])?.Address);
        if (!answer.Has("END_ENCRYPTION") || signer is not null && !answer.Has("SIG_CREATED"))
            throw new SealFailedException("gpg did not encrypt", null);
        return Entity(
            "multipart/encrypted; protocol=\"application/pgp-encrypted\"",
            "Content-Type: application/pgp-encrypted\r\nContent-Description: PGP/MIME version identification\r\n\r\nVersion: 1\r\n",
            $"Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\nContent-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n{Lines(answer.Output)}");
    }

    /// <summary>The signature that stands beside what it covers, as CMS.</summary>
    public static Task<byte[]> SignSmimeAsync(KeyRing ring, string entity, X509Certificate2 signer, CancellationToken cancel) =>
        InFolderAsync(ring, entity, async (folder, data) =>
        {
            var (certificate, key, chain) = (Path.Combine(folder, "signer"), Path.Combine(folder, "key"), Path.Combine(folder, "chain"));
            using var secret = (AsymmetricAlgorithm?)signer.GetRSAPrivateKey() ?? signer.GetECDsaPrivateKey() ?? throw new SealFailedException("the certificate's key is of a kind that is not supported", null);
            await File.WriteAllTextAsync(certificate, signer.ExportCertificatePem(), cancel);
            await File.WriteAllTextAsync(key, secret.ExportPkcs8PrivateKeyPem(), cancel);
            List<string> arguments = ["cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-in", data, "-signer", certificate, "-inkey", key];
            var issuers = Issuers(ring, signer);
            if (issuers.Length > 0)
            {
                await File.WriteAllTextAsync(chain, issuers, cancel);
                arguments.AddRange(["-certfile", chain]);
            }
            return await RunAsync(ring, arguments, "openssl did not sign", cancel);
        });

    /// <summary>Encrypted to certificates. What was signed is signed within.</summary>
    public static async Task<string> EncryptSmimeAsync(KeyRing ring, string entity, X509Certificate2? own, IReadOnlyList<RecipientKey> recipients, CancellationToken cancel)
    {
        var certificates = recipients.Select(r => ring.Certificates.First(c => MailCertificate.Fingerprint(c) == r.Fingerprint)).Concat(own is not null && MailCertificate.Encrypts(own) ? [own] : []).DistinctBy(MailCertificate.Fingerprint).ToList();
        var sealedBytes = await InFolderAsync(ring, entity, async (folder, data) =>
        {
            List<string> arguments = ["cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "-in", data];
            foreach (var (certificate, i) in certificates.Select((c, i) => (c, i)))
            {
                var file = Path.Combine(folder, $"to{i}");
                await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), cancel);
                arguments.Add(file);
            }
            return await RunAsync(ring, arguments, "openssl did not encrypt", cancel);
        });
        return $"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n{Base64(sealedBytes)}";
    }

    /// <summary>An entity and its signature, side by side (RFC 1847 section 2.1).</summary>
    public static string Signed(string entity, string openPgpSignature) =>
        Entity("multipart/signed; micalg=pgp-sha512; protocol=\"application/pgp-signature\"", entity, $"Content-Type: application/pgp-signature; name=\"signature.asc\"\r\nContent-Description: OpenPGP digital signature\r\n\r\n{openPgpSignature}");

    /// <summary>An entity and its signature, side by side (RFC 8551 section 3.5.3).</summary>
    public static string Signed(string entity, byte[] smimeSignature) =>
        Entity("multipart/signed; micalg=sha-256; protocol=\"application/pkcs7-signature\"", entity, $"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n{Base64(smimeSignature)}");

    /// <summary>Two parts between boundaries that neither holds; the line end before a boundary belongs to it, so each part keeps its own.</summary>
    private static string Entity(string type, string first, string second)
    {
        var boundary = $"=_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
        return $"Content-Type: {type};\r\n boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{first}\r\n--{boundary}\r\n{second}\r\n--{boundary}--\r\n";
    }

    private static string Lines(byte[] armour) => Encoding.ASCII.GetString(armour).ReplaceLineEndings("\r\n");

    private static string Base64(byte[] bytes)
    {
        var text = new StringBuilder();
        for (var at = 0; at < bytes.Length; at += 57)
            text.Append(Convert.ToBase64String(bytes.AsSpan(at, Math.Min(57, bytes.Length - at)))).Append("\r\n");
        return text.ToString();
    }

    /// <summary>The certificates of the ring between the signer's and its authority, so that a reader can follow them.</summary>
    private static string Issuers(KeyRing ring, X509Certificate2 signer)
    {
        var (pem, at) = (new StringBuilder(), signer);
        for (var depth = 0; depth < 5 && ring.Certificates.FirstOrDefault(c => c.SubjectName.RawData.AsSpan().SequenceEqual(at.IssuerName.RawData)) is { } issuer && !MailCertificate.IsAuthority(issuer); depth++)
            pem.Append((at = issuer).ExportCertificatePem()).Append('\n');
        return pem.ToString();
    }

    private static async Task<byte[]> InFolderAsync(KeyRing ring, string entity, Func<string, string, Task<byte[]>> act)
    {
        if (!File.Exists(Openssl))
            throw new SealFailedException("openssl is not installed", null);
        var folder = Directory.CreateDirectory(Path.Combine(ring.Home, Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            var data = Path.Combine(folder, "data");
            await File.WriteAllTextAsync(data, entity, Encoding.ASCII);
            return await act(folder, data);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<byte[]> RunAsync(KeyRing ring, IEnumerable<string> arguments, string fault, CancellationToken cancel)
    {
        var (exit, output, _) = await BoundedProgram.RunAsync(Openssl, ring.Home, arguments, default, cancel);
        return exit == 0 && output.Length > 0 ? output : throw new SealFailedException(fault, null);
    }
}

/// <summary>A message could not be signed or encrypted though the keys for it are there.</summary>
/// <param name="reason">What failed, for the operator.</param>
/// <param name="address">Whose key it was, or null.</param>
internal sealed class SealFailedException(string reason, string? address) : Exception(reason)
{
    /// <summary>The recipient whose key it was, or null.</summary>
    public string? Address { get; } = address;
}
