using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>A new key of the team.</summary>
/// <param name="Scheme">openpgp: a key that can be used at once. smime: a request that an authority answers with a certificate.</param>
/// <param name="Years">How long an OpenPGP key is good, 1 to 5.</param>
public sealed record KeyToMake(string Scheme = "openpgp", int Years = 2);

/// <summary>A key that was made.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Fingerprint">Its name.</param>
public sealed record KeyMade(Guid Id, string Fingerprint);

/// <summary>Makes a key for the team's own address. Needs <c>kernel.mail-keys.own</c>.</summary>
public sealed class MakeMailKey : Act<KeyToMake, KeyMade>
{
    private const string Row = "select id from kernel.mail_keys where fingerprint = @Fingerprint";

    private readonly StoredKeys _stored;
    private readonly ISettings _site;
    private readonly IOptionsMonitor<MailOptions> _options;

    internal MakeMailKey(Database database, StoredKeys stored, ISettings site, IOptionsMonitor<MailOptions> options)
        : base(database) => (_stored, _site, _options) = (stored, site, options);

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.OwnMailKeys;

    /// <inheritdoc/>
    protected override async Task<Outcome<KeyMade>> HandleAsync(Work work, KeyToMake request, CancellationToken cancel)
    {
        if (request.Scheme is not ("openpgp" or "smime"))
            return Refuse.Invalid("kernel.mail-keys.refused.scheme", "scheme");
        if (request.Years is < 1 or > 5)
            return Refuse.Invalid("kernel.mail-keys.refused.years", "years", 1, 5);
        var (address, name) = await OutgoingMail.SenderAsync(_site, _options.CurrentValue, cancel);
        if (request.Scheme == "smime")
            return await RequestCertificate.MakeAsync(work, _stored, address, name, cancel);
        if (!GpgProgram.IsPresent)
            return Refuse.Unavailable("kernel.mail-keys.refused.no-gpg");
        using var home = new GpgHome();
        // Brackets in a name would be read as an address or a comment.
        var user = $"{new string([.. name.Select(c => c is '<' or '>' or '(' or ')' or '"' || char.IsControl(c) ? ' ' : c)]).Trim()} <{address}>";
        try
        {
            string[] quick = ["--pinentry-mode", "loopback", "--passphrase", ""];
            var made = await GpgProgram.RunAsync(home.Path, [.. quick, "--quick-gen-key", user, "ed25519", "cert,sign", $"{request.Years}y"], default, cancel);
            if (made.Find("KEY_CREATED") is not { Length: > 2 } created)
                return Refuse.Unavailable("kernel.mail-keys.refused.not-made");
            await GpgProgram.RunAsync(home.Path, [.. quick, "--quick-add-key", created[2], "cv25519", "encr", $"{request.Years}y"], default, cancel);
            var key = (await OpenPgpKey.ListAsync(home.Path, cancel)).FirstOrDefault(k => k is { Signs: true, Encrypts: true });
            if (key is null || await KeyReading.SecretAsync(home.Path, key.Fingerprint, null, cancel) is not { } secret)
                return Refuse.Unavailable("kernel.mail-keys.refused.not-made");
            await AddMailKeys.InsertAsync(work, _stored, KeyReading.Found(key, (await GpgProgram.RunAsync(home.Path, ["--export", key.Fingerprint], default, cancel)).Output, secret), cancel);
            return new KeyMade(await work.FindAsync<Guid>(Row, new { key.Fingerprint }, cancel), key.Fingerprint);
        }
        catch (TimeoutException)
        {
            return Refuse.Unavailable("kernel.mail-keys.refused.not-made");
        }
    }
}

/// <summary>A request for a certificate (PKCS #10), and how its answer is known.</summary>
internal static class RequestCertificate
{
    private const string Insert =
        """
        insert into kernel.mail_keys (id, scheme, fingerprint, own, pending, name, addresses, algorithm, made_at, signs, encrypts, public_key, secret, added_at, added_by, added_by_name)
        values (@Id, 'smime', @Fingerprint, true, true, @Name, @Addresses, 'rsa3072', @Now, false, false, @Request, @Secret, @Now, @By, @ByName)
        """;

    public static async Task<Outcome<KeyMade>> MakeAsync(Work work, StoredKeys stored, string address, string name, CancellationToken cancel)
    {
        using var rsa = RSA.Create(3072);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(FoundKey.Cut(name, 64));
        var request = new CertificateRequest(subject.Build(), rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.4")], critical: false));
        var made = new KeyMade(Guid.CreateVersion7(), Convert.ToHexString(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo())));
        await work.ExecuteAsync(
            Insert,
            new { made.Id, made.Fingerprint, Name = name, Addresses = new[] { address.ToLowerInvariant() }, work.Now, Request = request.CreateSigningRequest(), Secret = stored.Seal(rsa.ExportPkcs8PrivateKey()), By = work.Viewer.Id.Value, ByName = work.Viewer.Name },
            cancel);
        work.Audit("kernel.mail-key.requested", $"mail-key/{made.Fingerprint}", new { addresses = new[] { address } });
        return made;
    }

    /// <summary>True when the certificate is for the key of the request.</summary>
    public static bool Answers(byte[] request, byte[] certificate)
    {
        var asked = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default).PublicKey.ExportSubjectPublicKeyInfo();
        using var answer = X509CertificateLoader.LoadCertificate(certificate);
        return answer.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(asked);
    }
}
