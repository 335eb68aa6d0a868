using System.Security.Cryptography;

namespace Appliance.Kernel.Files;

/// <summary>The three hashes by which the field knows a file, made on the way. Not thread-safe.</summary>
public sealed class Digests : IDisposable
{
    // Two of them are weak: they are here because others name files by them, and no decision rests on them alone.
    private readonly IncrementalHash _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Bytes so far.</summary>
    public long Size { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Size += bytes.Length;
        _md5.AppendData(bytes);
        _sha1.AppendData(bytes);
        _sha256.AppendData(bytes);
    }

    /// <summary>Lower-case hex; what is appended afterwards begins anew.</summary>
    public (string Md5, string Sha1, string Sha256) Finish() =>
        (Convert.ToHexStringLower(_md5.GetHashAndReset()), Convert.ToHexStringLower(_sha1.GetHashAndReset()), Convert.ToHexStringLower(_sha256.GetHashAndReset()));

    /// <inheritdoc/>
    public void Dispose()
    {
        _md5.Dispose();
        _sha1.Dispose();
        _sha256.Dispose();
    }
}
