using System.Security.Cryptography.X509Certificates;

namespace Appliance.Kernel.Mail;

/// <summary>Which key of a ring counts for an address. One place, so that page, act and message agree.</summary>
internal static class KeyChoice
{
    /// <summary>The key that a message to <paramref name="address"/> is encrypted to, OpenPGP before S/MIME; where none can be used, the one that comes nearest, with the reason.</summary>
    public static RecipientKey For(KeyRing? ring, string address, DateTimeOffset now)
    {
        var all = All(ring, address, now);
        return all.FirstOrDefault(k => k.Usable) ?? all.FirstOrDefault() ?? new(address, "none");
    }

    /// <summary>The usable key of one scheme, or null.</summary>
    public static RecipientKey? For(KeyRing ring, string address, string scheme, DateTimeOffset now) => All(ring, address, now).FirstOrDefault(k => k.Scheme == scheme && k.Usable);

    /// <summary>The own OpenPGP key that signs for an address, or null.</summary>
    public static OpenPgpKey? OwnOpenPgp(KeyRing ring, string address) =>
        Newest(ring, ring.OpenPgpKeys.Where(k => k is { Own: true, Valid: true, Signs: true } && k.Addresses.Contains(address.ToLowerInvariant()))).FirstOrDefault();

    /// <summary>The own certificate that signs for an address, or null.</summary>
    public static X509Certificate2? OwnCertificate(KeyRing ring, string address, DateTimeOffset now) =>
        ring.Certificates.Where(c => c.HasPrivateKey && MailCertificate.Signs(c) && InTime(c, now) && MailCertificate.Addresses(c).Contains(address.ToLowerInvariant())).MaxBy(c => c.NotAfter);

    private static List<RecipientKey> All(KeyRing? ring, string address, DateTimeOffset now)
    {
        if (ring is null)
            return [];
        var wanted = address.Trim().ToLowerInvariant();
        var found = Newest(ring, ring.OpenPgpKeys.Where(k => k.Addresses.Contains(wanted))).Select(k => new RecipientKey(address, State(k, now), "openpgp", k.Fingerprint, k.Expires)).ToList();
        found.AddRange(ring.Certificates.Where(c => MailCertificate.Addresses(c).Contains(wanted)).OrderByDescending(c => c.NotAfter)
            .Select(c => new RecipientKey(address, State(ring, c, now), "smime", MailCertificate.Fingerprint(c), new DateTimeOffset(c.NotAfter))));
        return found;
    }

    /// <summary>valid, expired, revoked or no-encryption.</summary>
    public static string State(OpenPgpKey key, DateTimeOffset now) =>
        key.Revoked ? "revoked" : key.Expires <= now ? "expired" : key is { Valid: true, Encrypts: true } ? "valid" : "no-encryption";

    /// <summary>valid, expired, no-encryption or untrusted.</summary>
    public static string State(KeyRing ring, X509Certificate2 certificate, DateTimeOffset now) =>
        !InTime(certificate, now) ? "expired"
        : !MailCertificate.Encrypts(certificate) ? "no-encryption"
        : certificate.HasPrivateKey || Smime.Trust(ring, [], certificate, now).State == "good" ? "valid" : "untrusted";

    /// <summary>Whoever puts a second key in for an address means that one: what was put in last comes first, then what was made last.</summary>
    private static IEnumerable<OpenPgpKey> Newest(KeyRing ring, IEnumerable<OpenPgpKey> keys) => keys.OrderByDescending(k => ring.AddedAt.GetValueOrDefault(k.Fingerprint)).ThenByDescending(k => k.Created);

    private static bool InTime(X509Certificate2 certificate, DateTimeOffset now) => certificate.NotBefore <= now.LocalDateTime && now.LocalDateTime < certificate.NotAfter;
}
