using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Files;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer;

internal enum FileState : byte { Open, Closed, Truncated, Error }

/// <summary>What is worked out for files: rules and the configuration ask for it.</summary>
internal sealed record FileWishes
{
    public bool Md5 { get; init; }
    public bool Sha1 { get; init; }
    public bool Sha256 { get; init; }
    public bool Magic { get; init; }
    public FileStoreOptions? Store { get; init; }

    /// <summary>Rules look at the bytes of bodies and files; without rules none are kept.</summary>
    public bool Looked { get; init; } = true;

    /// <summary>Bytes of a file followed at most when it is to be stored; 0: all of it.</summary>
    public long Depth { get; init; } = 1 << 20;
}

/// <summary>A file on its way through a transaction: name, size, digests, and the bytes rules may look at.</summary>
internal sealed class AppFile
{
    public const int Kept = 1 << 20; // bytes that rules may look at
    private const int EnoughForMagic = 64;
    public byte[] Name = [];
    public FileState State;
    public bool ToServer;
    public long Size;
    public bool Gaps;
    public long Start = -1, End = -1;
    public readonly SlidingBuffer Bytes = new();
    public bool KeepBytes;

    /// <summary>A rule wants it kept on disk.</summary>
    public bool Store;
    public bool Stored;
    public int StoreId;
    public string? Sha256, Sha1, Md5;
    private IncrementalHash? _sha256, _sha1, _md5;
    private readonly SlidingBuffer _head = new();
    private byte[]? _magic;
    private bool _wantsMagic;
    private FileSpool? _spool;

    /// <summary>Its bytes are a range of a larger file.</summary>
    public RangePart? Part;

    /// <summary>Put together from ranges: its bytes are looked at beside the body of the answer that completed it.</summary>
    public bool IsJoined;

    public void Open(ReadOnlySpan<byte> name, bool toServer, FileWishes wishes, bool keepBytes)
    {
        Name = name.ToArray();
        ToServer = toServer;
        State = FileState.Open;
        KeepBytes = keepBytes && wishes.Looked;
        if (wishes.Sha256) _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (wishes.Sha1) _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        if (wishes.Md5) _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        _wantsMagic = wishes.Magic;
        if (wishes.Store != null) _spool = new FileSpool(wishes.Store);
        if (wishes.Store is { Force: true }) Store = true;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (State != FileState.Open) return;
        Size += bytes.Length;
        _sha256?.AppendData(bytes);
        _sha1?.AppendData(bytes);
        _md5?.AppendData(bytes);
        if (_wantsMagic && _head.Length < 4096) _head.Append(bytes[..Math.Min(bytes.Length, 4096 - _head.Length)]);
        if (KeepBytes && Bytes.Length < Kept) Bytes.Append(bytes[..Math.Min(bytes.Length, Kept - Bytes.Length)]);
        _spool?.Append(bytes);
        Part?.Append(bytes);
    }

    /// <summary>After <see cref="Close"/>: the larger file, when this range was the last that was missing.</summary>
    public AppFile? Whole()
    {
        AppFile? whole = Part?.Finish(State == FileState.Closed);
        Part = null;
        return whole;
    }

    /// <summary>Bytes that never came: they count, and the file has a gap.</summary>
    public void Skip(int size)
    {
        if (State != FileState.Open || size <= 0) return;
        Size += size;
        Gaps = true;
    }

    public void Close(bool complete)
    {
        if (State != FileState.Open) return;
        State = complete && !Gaps ? FileState.Closed : FileState.Truncated;
        if (_sha256 != null) Sha256 = Convert.ToHexStringLower(_sha256.GetHashAndReset());
        if (State == FileState.Closed)
        {
            if (_sha1 != null) Sha1 = Convert.ToHexStringLower(_sha1.GetHashAndReset());
            if (_md5 != null) Md5 = Convert.ToHexStringLower(_md5.GetHashAndReset());
        }
        EndDigests();
    }

    /// <summary>What libmagic says, once enough of the file is there.</summary>
    public bool TryMagic(out ReadOnlySpan<byte> magic)
    {
        if (_magic == null && _wantsMagic && _head.Length > 0 && (State != FileState.Open || _head.Length >= EnoughForMagic))
            _magic = Detect.Keywords.Magic.Describe(_head.Span);
        magic = _magic;
        return _magic is { Length: > 0 };
    }

    /// <summary>The file is done with: it goes to disk when somebody asked for it, else its bytes go.</summary>
    public void Settle()
    {
        if (_spool == null) return;
        if (Store && !Stored) Stored = _spool.Keep(Sha256, out StoreId);
        else _spool.Discard();
        _spool = null;
    }

    private void EndDigests()
    {
        _sha256?.Dispose();
        _sha1?.Dispose();
        _md5?.Dispose();
        _sha256 = _sha1 = _md5 = null;
    }

    public void Reset()
    {
        Bytes.Release();
        _head.Release();
        EndDigests();
        _spool?.Discard();
        _spool = null;
        Part?.Drop();
        Part = null;
    }

    public override string ToString() => Encoding.Latin1.GetString(Name);
}
