using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Kernel.Mail;

/// <summary>
/// Verifies and decrypts S/MIME (RFC 8551) with openssl, so that nothing a stranger encoded is taken apart in this process but certificates. They are judged at
/// the date of the message, by the authorities of the ring alone.
/// </summary>
internal static class Smime
{
    private const string Program = "/usr/bin/openssl";

    /// <summary>What became of the part, and its clear text where there is any.</summary>
    public static async Task<(MailSeal Seal, byte[]? Clear)> OpenAsync(KeyRing ring, ProtectedPart part, string sender, DateTimeOffset? date, CancellationToken cancel)
    {
        var seal = new MailSeal { PartId = part.PartId, Scheme = part.Scheme, Form = part.Form };
        var folder = Directory.CreateDirectory(Path.Combine(ring.Home, Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            if (!File.Exists(Program))
                return (seal with { Signed = part.Act == "signed", Signature = part.Act == "signed" ? "error" : null, Reason = "openssl is not installed" }, null);
            var data = Path.Combine(folder, "data");
            await File.WriteAllBytesAsync(data, part.Data, cancel);
            // The outermost type is told by its object identifier, near the beginning.
            var enveloped = part.Covered is null && part.Data.AsSpan(0, Math.Min(32, part.Data.Length)).IndexOf((ReadOnlySpan<byte>)[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03]) >= 0;
            return enveloped
                ? await DecryptAsync(ring, seal with { Encrypted = true }, folder, data, cancel)
                : await VerifyAsync(ring, seal with { Signed = true }, folder, data, part.Covered, sender, date, cancel);
        }
        catch (TimeoutException late)
        {
            return (seal with { Signed = part.Act == "signed", Signature = "error", Reason = late.Message }, null);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(MailSeal, byte[]?)> VerifyAsync(KeyRing ring, MailSeal seal, string folder, string data, byte[]? covered, string sender, DateTimeOffset? date, CancellationToken cancel)
    {
        var (signer, sent) = (Path.Combine(folder, "signer"), Path.Combine(folder, "sent"));
        var known = Path.Combine(folder, "known");
        await File.WriteAllTextAsync(known, string.Concat(ring.Certificates.Select(c => c.ExportCertificatePem() + "\n")), cancel);
        List<string> arguments = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", data, "-signer", signer, "-certsout", sent];
        if (ring.Certificates.Count > 0)
            arguments.AddRange(["-certfile", known]);
        if (covered is not null)
        {
            var content = Path.Combine(folder, "content");
            await File.WriteAllBytesAsync(content, covered, cancel);
            arguments.AddRange(["-content", content]);
        }
        var (exit, output, errors) = await BoundedProgram.RunAsync(Program, ring.Home, arguments, default, cancel);
        if (exit != 0)
            return (Unverified(seal, errors), null);
        using var certificate = File.Exists(signer) ? First(await File.ReadAllTextAsync(signer, cancel)) : null;
        if (certificate is null)
            return (seal with { Signature = "error", Reason = "there is not exactly one signature" }, null);
        var others = new X509Certificate2Collection();
        if (File.Exists(sent))
            others.ImportFromPem(await File.ReadAllTextAsync(sent, cancel));
        var (state, reason) = Trust(ring, others, certificate, date);
        foreach (var other in others)
            other.Dispose();
        var mail = certificate.GetNameInfo(X509NameType.EmailName, forIssuer: false);
        return (seal with
        {
            Signature = state,
            Signer = mail.Length > 0 ? $"{certificate.GetNameInfo(X509NameType.SimpleName, false)} <{mail}>" : certificate.Subject,
            Fingerprint = Convert.ToHexString(SHA256.HashData(certificate.RawData)),
            SignerIsSender = state == "good" && sender.Length > 0 && mail.Equals(sender, StringComparison.OrdinalIgnoreCase),
            Reason = reason,
        }, covered is null ? output : null);
    }

    private static MailSeal Unverified(MailSeal seal, string errors) =>
        errors.Contains("signer certificate not found", StringComparison.Ordinal) ? seal with { Signature = "unknown-key", Reason = "the certificate is not in the message nor known here" }
        : errors.Contains("verification failure", StringComparison.Ordinal) || errors.Contains("digest", StringComparison.Ordinal) ? seal with { Signature = "bad", Reason = "the text was changed after it was signed" }
        : seal with { Signature = "error", Reason = "the signature cannot be read" };

    /// <summary>The only certificate of the text; several signers are no signer.</summary>
    private static X509Certificate2? First(string pem)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPem(pem);
        if (found.Count == 1)
            return found[0];
        foreach (var certificate in found)
            certificate.Dispose();
        return null;
    }

    /// <summary>good, expired or untrusted, judged at <paramref name="date"/> by the authorities of the ring.</summary>
    internal static (string State, string? Reason) Trust(KeyRing ring, X509Certificate2Collection sent, X509Certificate2 certificate, DateTimeOffset? date)
    {
        if (date is null)
            return ("untrusted", "the message has no date to judge the certificate by");
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(ring.Authorities);
        chain.ChainPolicy.ExtraStore.AddRange(ring.Certificates);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        // Without a network: certificates are not fetched, lists of revoked ones neither.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = date.Value.UtcDateTime;
        if (chain.Build(certificate))
            return ("good", null);
        var faults = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        return faults == X509ChainStatusFlags.NotTimeValid
            ? ("expired", "the certificate was not valid at the date of the message")
            : ("untrusted", "no trusted authority has signed the certificate");
    }

    private static async Task<(MailSeal, byte[]?)> DecryptAsync(KeyRing ring, MailSeal seal, string folder, string data, CancellationToken cancel)
    {
        var own = ring.Certificates.Where(c => c.HasPrivateKey).ToList();
        var (key, recipient) = (Path.Combine(folder, "key"), Path.Combine(folder, "recipient"));
        foreach (var certificate in own)
        {
            using var secret = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey();
            if (secret is null)
                continue;
            await File.WriteAllTextAsync(key, secret.ExportPkcs8PrivateKeyPem(), cancel);
            await File.WriteAllTextAsync(recipient, certificate.ExportCertificatePem(), cancel);
            var (exit, output, _) = await BoundedProgram.RunAsync(Program, ring.Home, ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", data, "-inkey", key, "-recip", recipient], default, cancel);
            if (exit == 0)
                return (seal with { Decryption = "decrypted" }, output);
        }
        return (seal with { Decryption = "no-key", Reason = own.Count == 0 ? "cannot be decrypted: no key" : "cannot be decrypted: no key fits" }, null);
    }
}
