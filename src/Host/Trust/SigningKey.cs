using System.Security.Cryptography;

namespace Appliance.Host.Trust;

/// <summary>Keys that sign what machines are told to trust: ECDSA on P-256. The private half stays with whoever signs.</summary>
internal static class SigningKey
{
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a pair beside each other; answers what to say.</summary>
    public static IReadOnlyList<string> Make(string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using (var stream = new StreamWriter(new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OnlyOwner })))
            stream.Write(key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(file + ".pub", key.ExportSubjectPublicKeyInfoPem());
        return [$"private key {file}: keep it away from this machine", $"public key {file}.pub, fingerprint {FingerprintOf(key)}: give it to who is to trust it"];
    }

    /// <summary>The signature of <paramref name="bytes"/> as a line of text.</summary>
    public static string Sign(string keyFile, byte[] bytes)
    {
        using var key = Read(keyFile);
        return Convert.ToBase64String(key.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>The public half of a private key, as PEM.</summary>
    public static string PublicOf(string keyFile)
    {
        using var key = Read(keyFile);
        return key.ExportSubjectPublicKeyInfoPem();
    }

    /// <summary>True when the key in <paramref name="publicPem"/> signed <paramref name="bytes"/>.</summary>
    public static bool Verifies(string publicPem, byte[] bytes, byte[] signature)
    {
        using var key = PinnedKeys.ReadPublic(publicPem);
        return key.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>What a person compares: the first 16 signs of the public key's SHA-256.</summary>
    public static string FingerprintOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    /// <summary>The same of a public key in PEM.</summary>
    public static string FingerprintOf(string publicPem)
    {
        using var key = PinnedKeys.ReadPublic(publicPem);
        return FingerprintOf(key);
    }

    private static ECDsa Read(string keyFile)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(keyFile));
            return key;
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException or IOException)
        {
            key.Dispose();
            throw new UntrustedException($"{keyFile} is no private key in PEM");
        }
    }
}
