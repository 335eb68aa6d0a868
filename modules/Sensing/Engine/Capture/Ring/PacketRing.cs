using System.Buffers.Binary;
using System.Globalization;

namespace Appliance.Sensing.Engine.Capture.Ring;

/// <summary>
/// The last packets of one capture thread, in pcap files of equal size under a folder, each with an index beside it; the oldest file makes room for the newest. Used by one thread.
/// Index entries of 16 bytes, little-endian: microseconds since 1970, hash of the flow, offset of the packet's record in the pcap file. A packet in several flows (a tunnel) has several.
/// </summary>
internal sealed class PacketRing : IDisposable
{
    public const int EntrySize = 16, FileHeader = 24, RecordHeader = 16;
    private const int FilesPerThread = 16, LeastFile = 1 << 20, LargestFile = 64 << 20, PutAt = 1 << 18;
    private const long FlushMicros = 1_000_000, RetryMilliseconds = 5000;
    private readonly string _folder, _prefix;
    private readonly long _fileSize;
    private readonly int _files;
    private readonly Queue<string> _names = new();
    private readonly byte[] _packets = new byte[PutAt + (1 << 18) + RecordHeader];
    private readonly byte[] _entries = new byte[1 << 16];
    private FileStream? _pcap, _index;
    private int _packetCount, _entryCount;
    private long _size, _number, _firstWaiting, _retryAt;

    /// <param name="folder">Where all rings of the sensor lie.</param>
    /// <param name="prefix">Interface and thread: letters, digits, dots, dashes.</param>
    /// <param name="budget">Bytes that this ring may use.</param>
    public PacketRing(string folder, string prefix, long budget)
    {
        (_folder, _prefix) = (folder, prefix);
        _fileSize = Math.Clamp(budget / FilesPerThread, LeastFile, LargestFile);
        _files = (int)Math.Max(2, budget / _fileSize);
        Directory.CreateDirectory(folder);
        foreach (string old in Directory.EnumerateFiles(folder, prefix + "-*.pcap").Order(StringComparer.Ordinal))
        {
            // another ring's prefix may begin with ours
            string name = Path.GetFileNameWithoutExtension(old);
            if (!long.TryParse(name[(prefix.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long number)) continue;
            _names.Enqueue(old);
            _number = Math.Max(_number, number);
        }
    }

    /// <summary>Packets that could not be kept because the disk refused them.</summary>
    public long Lost { get; private set; }

    /// <summary>Keeps a packet; <paramref name="flows"/> are the hashes it can be found by.</summary>
    public void Add(in RawPacket raw, ReadOnlySpan<uint> flows)
    {
        int length = Math.Min(raw.Length, 1 << 18);
        if (_pcap == null && !TryOpen(raw.LinkType))
        {
            Lost++;
            return;
        }
        if (_packetCount + RecordHeader + length > _packets.Length || _entryCount + flows.Length * EntrySize > _entries.Length) Put();
        if (_packetCount == 0) _firstWaiting = raw.Time;
        uint at = (uint)(_size + _packetCount);
        Span<byte> record = _packets.AsSpan(_packetCount);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(raw.Time / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(raw.Time % 1_000_000));
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], length);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], Math.Max(raw.WireLength, length));
        raw.Buffer.AsSpan(raw.Offset, length).CopyTo(record[RecordHeader..]);
        _packetCount += RecordHeader + length;
        foreach (uint flow in flows)
        {
            Span<byte> entry = _entries.AsSpan(_entryCount);
            BinaryPrimitives.WriteInt64LittleEndian(entry, raw.Time);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], flow);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], at);
            _entryCount += EntrySize;
        }
        if (_packetCount >= PutAt || raw.Time - _firstWaiting > FlushMicros) Put();
        if (_size >= _fileSize) CloseFile();
    }

    /// <summary>Puts what waits on the disk: called when no packet comes.</summary>
    public void Flush()
    {
        if (_packetCount > 0) Put();
    }

    private bool TryOpen(int linkType)
    {
        if (Environment.TickCount64 < _retryAt) return false;
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{++_number:D10}.pcap"));
        try
        {
            while (_names.Count >= _files)
            {
                string oldest = _names.Dequeue();
                File.Delete(oldest);
                File.Delete(Path.ChangeExtension(oldest, ".idx"));
            }
            _pcap = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1);
            _index = new FileStream(Path.ChangeExtension(path, ".idx"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1);
            Span<byte> head = stackalloc byte[FileHeader];
            WriteHeader(head, linkType);
            _pcap.Write(head);
            _names.Enqueue(path);
            _size = FileHeader;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail();
            return false;
        }
    }

    public static void WriteHeader(Span<byte> head, int linkType)
    {
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xa1b2c3d4);
        head[4] = 2;
        head[6] = 4;
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], 1 << 18);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], linkType);
    }

    private void Put()
    {
        if (_pcap == null || _index == null) return;
        try
        {
            // packets first: an entry must never point behind the end
            _pcap.Write(_packets, 0, _packetCount);
            _size += _packetCount;
            _index.Write(_entries, 0, _entryCount);
        }
        catch (IOException)
        {
            Lost += _entryCount / EntrySize;
            Fail();
        }
        _packetCount = _entryCount = 0;
    }

    private void Fail()
    {
        _retryAt = Environment.TickCount64 + RetryMilliseconds;
        _packetCount = _entryCount = 0;
        CloseFile();
    }

    private void CloseFile()
    {
        _pcap?.Dispose();
        _index?.Dispose();
        _pcap = _index = null;
    }

    public void Dispose()
    {
        Flush();
        CloseFile();
    }
}
