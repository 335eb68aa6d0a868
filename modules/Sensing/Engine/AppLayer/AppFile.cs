using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer;

internal enum FileState : byte { Open, Closed, Truncated, Error }

/// <summary>A file on its way through a transaction: name, size, digests, and the bytes rules may look at.</summary>
internal sealed class AppFile
{
    private const int Kept = 1 << 20;
    public byte[] Name = [];
    public FileState State;
    public bool ToServer;
    public long Size;
    public bool Gaps;
    public long Start = -1, End = -1;
    public readonly SlidingBuffer Bytes = new();
    public bool KeepBytes;
    private IncrementalHash? _sha256;
    private IncrementalHash? _md5;
    public string? Sha256;
    public string? Md5;

    public void Open(ReadOnlySpan<byte> name, bool toServer, bool sha256, bool md5, bool keepBytes)
    {
        Name = name.ToArray();
        ToServer = toServer;
        State = FileState.Open;
        KeepBytes = keepBytes;
        if (sha256) _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (md5) _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (State != FileState.Open) return;
        Size += bytes.Length;
        _sha256?.AppendData(bytes);
        _md5?.AppendData(bytes);
        if (KeepBytes && Bytes.Length < Kept) Bytes.Append(bytes[..Math.Min(bytes.Length, Kept - Bytes.Length)]);
    }

    public void Close(bool complete)
    {
        if (State != FileState.Open) return;
        State = complete && !Gaps ? FileState.Closed : FileState.Truncated;
        if (State == FileState.Closed)
        {
            if (_sha256 != null) Sha256 = Convert.ToHexStringLower(_sha256.GetHashAndReset());
            if (_md5 != null) Md5 = Convert.ToHexStringLower(_md5.GetHashAndReset());
        }
        _sha256?.Dispose();
        _md5?.Dispose();
        _sha256 = _md5 = null;
    }

    public void Reset()
    {
        Bytes.Release();
        _sha256?.Dispose();
        _md5?.Dispose();
        _sha256 = _md5 = null;
    }

    public override string ToString() => Encoding.Latin1.GetString(Name);
}
