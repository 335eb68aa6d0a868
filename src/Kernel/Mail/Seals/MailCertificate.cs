using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Kernel.Mail;

/// <summary>What a certificate is good for in mail (RFC 8550 section 4.4, RFC 5280 section 4.2.1).</summary>
internal static class MailCertificate
{
    private const string SecureEmail = "1.3.6.1.5.5.7.3.4";
    private const string AnyPurpose = "2.5.29.37.0";

    /// <summary>SHA-256 of its bytes, hexadecimal capitals.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexString(SHA256.HashData(certificate.RawData));

    /// <summary>The mail addresses that it names, in small letters.</summary>
    public static IReadOnlyList<string> Addresses(X509Certificate2 certificate)
    {
        // GetNameInfo gives one; all alternative names are read here (RFC 5280 section 4.2.1.6: rfc822Name is context tag 1).
        var found = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
            found.AddRange(Names(extension.RawData));
        found.Add(certificate.GetNameInfo(X509NameType.EmailName, forIssuer: false));
        return [.. found.Where(f => MailAddress.TryRead(f, out _, out _)).Select(f => f.Trim().ToLowerInvariant()).Distinct()];
    }

    /// <summary>True when its use is not limited to something other than mail.</summary>
    public static bool ForMail(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().All(e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value is SecureEmail or AnyPurpose));

    /// <summary>True when a message may be encrypted to it.</summary>
    public static bool Encrypts(X509Certificate2 certificate) =>
        ForMail(certificate) && !IsAuthorityOnly(certificate) && certificate.Extensions.OfType<X509KeyUsageExtension>().All(k => (k.KeyUsages & (X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement)) != 0);

    /// <summary>True when it may sign a message.</summary>
    public static bool Signs(X509Certificate2 certificate) =>
        ForMail(certificate) && certificate.Extensions.OfType<X509KeyUsageExtension>().All(k => (k.KeyUsages & (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation)) != 0);

    /// <summary>True when it is its own issuer and may issue others.</summary>
    public static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
        && certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(b => b.CertificateAuthority);

    /// <summary>An authority with no address of its own.</summary>
    private static bool IsAuthorityOnly(X509Certificate2 certificate) => IsAuthority(certificate) && Addresses(certificate).Count == 0;

    private static IEnumerable<string> Names(byte[] extension)
    {
        try
        {
            var reader = new System.Formats.Asn1.AsnReader(extension, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
            var found = new List<string>();
            while (reader.HasData)
            {
                var tag = reader.PeekTag();
                if (tag.HasSameClassAndValue(new(System.Formats.Asn1.TagClass.ContextSpecific, 1)))
                    found.Add(reader.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, tag));
                else
                    reader.ReadEncodedValue();
            }
            return found;
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            // Not encoded as the standard says: it names nobody.
            return [];
        }
    }
}
