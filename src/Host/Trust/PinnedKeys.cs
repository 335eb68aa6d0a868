using System.Security.Cryptography;

namespace Appliance.Host.Trust;

/// <summary>The keys whose signatures count: public keys (ECDSA, P-256) as PEM files in <c>keys/</c> of a folder, pinned by a command or by the image and by nothing that listens.</summary>
internal sealed class PinnedKeys(string folder)
{
    private string Folder => Path.Combine(folder, "keys");

    public IEnumerable<string> Pinned() => Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.pem").Order(StringComparer.Ordinal) : [];

    /// <summary>The name of the pinned key that signed <paramref name="bytes"/>, or null.</summary>
    public string? SignerOf(byte[] bytes, byte[] signature)
    {
        foreach (var file in Pinned())
        {
            FileGuard.DemandFixed(file);
            using var key = ReadPublic(File.ReadAllText(file));
            if (key.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
                return Path.GetFileNameWithoutExtension(file);
        }
        return null;
    }

    /// <summary>Pins a key; answers its fingerprint.</summary>
    public string Pin(string pem)
    {
        using var key = ReadPublic(pem);
        var name = SigningKey.FingerprintOf(key);
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, name + ".pem"), key.ExportSubjectPublicKeyInfoPem());
        return name;
    }

    /// <summary>Takes a key back; false where it was not pinned.</summary>
    public bool Unpin(string name)
    {
        if (Pinned().FirstOrDefault(f => Path.GetFileNameWithoutExtension(f) == name) is not { } file)
            return false;
        File.Delete(file);
        return true;
    }

    internal static ECDsa ReadPublic(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new UntrustedException("a pinned key is no public key in PEM");
        }
        return key;
    }
}
