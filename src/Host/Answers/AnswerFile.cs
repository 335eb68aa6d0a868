using System.Text;
using Appliance.Host.Trust;
using Appliance.Kernel;
using Appliance.Kernel.Answers;

namespace Appliance.Host.Answers;

/// <summary>An answer file as it lies there: its bytes, and who signed them. The signature lies beside it as <c>FILE.sig</c>, the signer's public key may as <c>FILE.pub</c>.</summary>
internal sealed record AnswerFile(byte[] Bytes, string Signer)
{
    public string Digest => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Bytes));

    public static byte[] ReadBytes(string path)
    {
        if (!File.Exists(path))
            throw new OperatorFault("There is no such answer file.", $"File: {path}", "Name the file that is to be read.");
        if (new FileInfo(path).Length > AnswerText.MaxBytes)
            throw new OperatorFault("The answer file is too large.", $"File: {path}; it may have {AnswerText.MaxBytes / 1024} KiB.", "Bring large constituent lists in through the import page.");
        return File.ReadAllBytes(path);
    }

    /// <summary>Reads the file and its signature; the signer must be a pinned key, or the key beside the file with the fingerprint that a person or the firmware named.</summary>
    /// <exception cref="OperatorFault">Not signed, changed since, or by a key that nobody here trusts.</exception>
    public static AnswerFile Open(string path, string? keys, string? fingerprint)
    {
        var bytes = ReadBytes(path);
        try
        {
            if (!File.Exists(path + ".sig"))
                throw new UntrustedException("it is not signed");
            var signature = new byte[256];
            if (!Convert.TryFromBase64String(File.ReadAllText(path + ".sig").Trim(), signature, out var length))
                throw new UntrustedException("its signature cannot be read");
            return new(bytes, SignerOf(path, bytes, signature[..length], keys, fingerprint));
        }
        catch (UntrustedException refused)
        {
            throw new OperatorFault("The answer file is refused; nothing was changed.", $"{path}: {refused.Message}.", "Sign it (cirt answers sign FILE KEY), and have the machine trust the key: pinned in its image, or by --fingerprint as the card shows it.");
        }
    }

    public string Text()
    {
        try
        {
            return new UTF8Encoding(false, true).GetString(Bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new OperatorFault("The answer file is no text in UTF-8.", "", "Save it as UTF-8.");
        }
    }

    private static string SignerOf(string path, byte[] bytes, byte[] signature, string? keys, string? fingerprint)
    {
        if (keys is not null && new PinnedKeys(keys).SignerOf(bytes, signature) is { } pinned)
            return pinned;
        if (fingerprint is not null && File.Exists(path + ".pub"))
        {
            var key = File.ReadAllText(path + ".pub");
            if (!string.Equals(SigningKey.FingerprintOf(key), fingerprint.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
                throw new UntrustedException($"the key beside it is {SigningKey.FingerprintOf(key)}, not {fingerprint}");
            return SigningKey.Verifies(key, bytes, signature) ? fingerprint : throw new UntrustedException("it was changed after it was signed");
        }
        throw new UntrustedException("no key that is trusted here signed it as it is");
    }
}
