using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Kernel.Mail;

/// <summary>
/// The keys of one folder: OpenPGP keys (.asc .key .gpg .pgp), certificates (.crt .cer .pem .der) and the box's own keys (.p12 .pfx, PEM with a private key).
/// Read once; gpg gets a home of its own that goes with this object. Self-signed certificate authorities in the folder are the ones trusted.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    private readonly GpgHome _home;

    private KeyRing(GpgHome home) => _home = home;

    /// <summary>The home of gpg.</summary>
    public string Home => _home.Path;

    /// <summary>Every certificate, with its private key where the folder has it.</summary>
    public X509Certificate2Collection Certificates { get; } = [];

    /// <summary>Trusted authorities.</summary>
    public X509Certificate2Collection Authorities { get; } = [];

    /// <summary>Every OpenPGP key.</summary>
    public IReadOnlyList<OpenPgpKey> OpenPgpKeys { get; private set; } = [];

    /// <summary>When keys were put in, by fingerprint; those of the folder are not here.</summary>
    public Dictionary<string, DateTimeOffset> AddedAt { get; } = [];

    /// <summary>Files that hold no key that can be read.</summary>
    public List<string> Unreadable { get; } = [];

    /// <summary>Reads all files of <paramref name="folder"/> and of those below it.</summary>
    public static Task<KeyRing> ReadAsync(string folder, CancellationToken cancel) => ReadAsync(folder, [], cancel);

    /// <summary>The files of <paramref name="folder"/>, where it is not empty, and the keys in <paramref name="stored"/>, in one ring.</summary>
    public static async Task<KeyRing> ReadAsync(string folder, IReadOnlyList<StoredKey> stored, CancellationToken cancel)
    {
        var ring = new KeyRing(new GpgHome());
        var home = ring.Home;
        foreach (var file in folder.Length == 0 ? Enumerable.Empty<string>() : Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var bytes = await File.ReadAllBytesAsync(file, cancel);
            var extension = Path.GetExtension(file).ToLowerInvariant();
            if (extension is ".asc" or ".gpg" or ".pgp" || extension == ".key" && !bytes.AsSpan().StartsWith("-----BEGIN PRIVATE"u8) && !bytes.AsSpan().StartsWith("-----BEGIN RSA"u8))
            {
                if (!GpgProgram.IsPresent || !(await GpgProgram.RunAsync(home, ["--import"], bytes, cancel)).Has("IMPORT_OK"))
                    ring.Unreadable.Add(file);
            }
            else if (extension is ".crt" or ".cer" or ".pem" or ".der" or ".p12" or ".pfx")
                ring.Certificate(file, bytes, extension);
        }
        await ring.StoredAsync(stored, cancel);
        if (GpgProgram.IsPresent)
            ring.OpenPgpKeys = await OpenPgpKey.ListAsync(home, cancel);
        return ring;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in Certificates)
            certificate.Dispose();
        _home.Dispose();
    }

    private async Task StoredAsync(IReadOnlyList<StoredKey> stored, CancellationToken cancel)
    {
        var packets = stored.Where(s => s.Scheme == "openpgp").SelectMany(s => (byte[][])[s.Public, s.Secret ?? []]).SelectMany(b => b).ToArray();
        if (packets.Length > 0 && GpgProgram.IsPresent)
            await GpgProgram.RunAsync(Home, ["--import"], packets, cancel);
        foreach (var key in stored)
        {
            AddedAt[key.Fingerprint] = key.AddedAt;
            if (key.Scheme != "smime")
                continue;
            var certificate = X509CertificateLoader.LoadCertificate(key.Public);
            Certificates.Add(key.Secret is null ? certificate : WithSecret(certificate, key.Secret));
            // The team's own certificate may be its own issuer; it vouches for nobody else.
            if (!key.Own && MailCertificate.IsAuthority(certificate))
                Authorities.Add(certificate);
        }
    }

    private static X509Certificate2 WithSecret(X509Certificate2 certificate, byte[] pkcs8)
    {
        if (certificate.GetRSAPublicKey() is not null)
        {
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return certificate.CopyWithPrivateKey(rsa);
        }
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(pkcs8, out _);
        return certificate.CopyWithPrivateKey(ecdsa);
    }

    private void Certificate(string file, byte[] bytes, string extension)
    {
        try
        {
            var found = new X509Certificate2Collection();
            if (extension is ".p12" or ".pfx")
                found.AddRange(X509CertificateLoader.LoadPkcs12Collection(bytes, null, X509KeyStorageFlags.Exportable));
            else if (bytes.AsSpan().IndexOf("-----BEGIN CERTIFICATE"u8) < 0)
                found.Add(X509CertificateLoader.LoadCertificate(bytes));
            else if (bytes.AsSpan().IndexOf("PRIVATE KEY-----"u8) >= 0)
                found.Add(X509Certificate2.CreateFromPem(System.Text.Encoding.UTF8.GetString(bytes), System.Text.Encoding.UTF8.GetString(bytes)));
            else
                found.ImportFromPem(System.Text.Encoding.UTF8.GetString(bytes));
            Certificates.AddRange(found);
            foreach (var authority in found.Where(MailCertificate.IsAuthority))
                Authorities.Add(authority);
        }
        catch (CryptographicException)
        {
            Unreadable.Add(file);
        }
    }
}
