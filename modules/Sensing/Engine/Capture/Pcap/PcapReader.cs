using System.Buffers.Binary;
using System.IO.Compression;

namespace Appliance.Sensing.Engine.Capture.Pcap;

/// <summary>Reads pcap (micro- and nanoseconds, either byte order) and pcapng, each plain or gzipped, from a file or a pipe.</summary>
internal sealed partial class PcapReader : IPacketSource
{
    private const int MaxRecord = 16 * 1024 * 1024;
    private readonly System.IO.Stream _stream;
    private readonly bool _owned;
    private byte[] _buffer = new byte[1 << 20];
    private int _pos;
    private int _end;
    private long _offset;           // of _pos in the (unpacked) capture
    private bool _bigEndian;
    private bool _nano;
    private bool _isNg;
    private int _linkType;
    private bool _done;

    public PcapReader(System.IO.Stream stream, bool owned = true)
    {
        _stream = stream;
        _owned = owned;
        if (!Fill(4))
            throw new CaptureException(_end == 0 ? "the capture is empty" : $"the capture ends inside its first header, after {_end} bytes");
        if (_buffer[0] == 0x1f && _buffer[1] == 0x8b)
        {
            var head = new byte[_end];
            _buffer.AsSpan(0, _end).CopyTo(head);
            _stream = new GZipStream(new JoinedStream(head, stream), CompressionMode.Decompress);
            _pos = _end = 0;
            if (!Fill(4)) throw new CaptureException("the gzipped capture is empty or broken");
        }
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_pos));
        switch (magic)
        {
            case 0xa1b2c3d4 or 0xa1b23c4d or 0xa1b2cd34:
                _nano = magic == 0xa1b23c4d;
                break;
            case 0xd4c3b2a1 or 0x4d3cb2a1 or 0x34cdb2a1:
                _bigEndian = true;
                _nano = magic == 0x4d3cb2a1;
                break;
            case 0x0a0d0d0a:
                _isNg = true;
                return;
            default:
                throw new CaptureException($"not a capture: it starts with {Convert.ToHexStringLower(_buffer.AsSpan(_pos, 4))}");
        }
        if (!Fill(24)) throw new CaptureException($"the capture ends inside its file header, after {_end} bytes");
        _linkType = (int)(U32(20) & 0x0fffffff);
        Skip(24);
    }

    public static PcapReader Open(string path) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan));

    public long BytesRead => _offset;
    public long TruncatedAt { get; private set; } = -1;
    public string? TruncatedReason { get; private set; }

    public bool TryRead(ref RawPacket packet)
    {
        if (_done) return false;
        return _isNg ? ReadNg(ref packet) : ReadClassic(ref packet);
    }

    public void Dispose()
    {
        if (_owned) _stream.Dispose();
    }

    private bool ReadClassic(ref RawPacket packet)
    {
        if (!Fill(16))
            return Break(_end - _pos == 0 ? null : $"the capture ends inside a packet header ({_end - _pos} of 16 bytes)");
        uint seconds = U32(0), fraction = U32(4), captured = U32(8), wire = U32(12);
        if (captured > MaxRecord)
            return Break($"a packet header claims {captured} bytes");
        if (!Fill(16 + (int)captured))
            return Break($"the capture ends inside a packet ({_end - _pos - 16} of {captured} bytes)");
        packet.Buffer = _buffer;
        packet.Offset = _pos + 16;
        packet.Length = (int)captured;
        packet.WireLength = (int)Math.Min(wire, int.MaxValue);
        packet.LinkType = _linkType;
        packet.Time = seconds * 1_000_000L + (_nano ? fraction / 1000 : fraction);
        Skip(16 + (int)captured);
        return true;
    }

    private bool Break(string? reason)
    {
        _done = true;
        if (reason != null && TruncatedAt < 0)
        {
            TruncatedAt = _offset;
            TruncatedReason = reason;
        }
        return false;
    }

    private uint U32(int at) => _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_pos + at)) : BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_pos + at));

    private ushort U16(int at) => _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_pos + at)) : BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_pos + at));

    private void Skip(int count)
    {
        _pos += count;
        _offset += count;
    }

    /// <summary>Makes at least <paramref name="count"/> bytes available at _pos; false when the input ends first.</summary>
    private bool Fill(int count)
    {
        if (_end - _pos >= count) return true;
        if (_pos + count > _buffer.Length)
        {
            byte[] target = count > _buffer.Length ? new byte[Math.Max(count, _buffer.Length * 2)] : _buffer;
            Buffer.BlockCopy(_buffer, _pos, target, 0, _end - _pos);
            _buffer = target;
            _end -= _pos;
            _pos = 0;
        }
        while (_end - _pos < count)
        {
            int got;
            try
            {
                got = _stream.Read(_buffer, _end, _buffer.Length - _end);
            }
            catch (InvalidDataException e)
            {
                Break($"the compressed data is damaged: {e.Message}");
                return false;
            }
            if (got <= 0) return false;
            _end += got;
        }
        return true;
    }
}
