using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Frames;

/// <summary>One direction's bytes as frames see them when a packet has gone that way: a datagram, or what can be read of a stream.</summary>
internal readonly ref struct FrameView
{
    /// <summary>Of a long frame this much is gathered before rules see a piece of it, and so much of what they saw is shown again with the next.</summary>
    public const int Window = 2500;

    private readonly TcpStream? _stream;
    private readonly ReadOnlySpan<byte> _datagram;
    private readonly long _end;
    private readonly bool _over;
    private readonly bool _inline;

    public FrameView(Packet p, Flow.Flow flow, Reassembly reassembly)
    {
        if (flow.Tcp is not { } session)
        {
            _datagram = p.Payload;
            _end = _datagram.Length;
            _over = true;
            return;
        }
        _stream = p.ToServer ? session.Client : session.Server;
        _over = p.Source == PacketSource.StreamEnd;
        _inline = reassembly.Inline;
        _end = reassembly.ReadableEnd(_stream, _over);
    }

    public bool InStream => _stream != null;

    /// <summary>Bytes of the frame that have come so far.</summary>
    public long Seen(in AppFrame frame)
    {
        long seen = Math.Max(0, _end - frame.Start);
        return frame.Length >= 0 ? Math.Min(seen, frame.Length) : seen;
    }

    /// <summary>The length of a frame without a known end: all that has come, even if it may not be read yet.</summary>
    public long LengthOf(in AppFrame frame)
    {
        if (frame.Length >= 0) return frame.Length;
        long stored = _stream == null ? _end : _stream.OffsetOf(_stream.ContiguousEnd(_stream.AppSequence));
        return Math.Max(0, Math.Max(stored, _end) - frame.Start);
    }

    public bool IsComplete(in AppFrame frame) => _over || frame.Length >= 0 && _end - frame.Start >= frame.Length;

    /// <summary>Is there something for rules to look at that they have not seen?</summary>
    public bool IsReady(in AppFrame frame)
    {
        long fresh = Seen(frame) - frame.Inspected;
        return fresh > 0 && (fresh >= Window || _inline || IsComplete(frame));
    }

    public bool IsReadyToLog(in AppFrame frame) => frame.Length < 0 ? Seen(frame) > 0 : Seen(frame) >= Window || IsComplete(frame);

    /// <summary>The next stretch without a hole at or behind an offset; false when there is none within the frame.</summary>
    public bool TryPiece(in AppFrame frame, ref long at, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        long to = frame.Start + Seen(frame);
        if (at >= to) return false;
        if (_stream == null)
        {
            bytes = _datagram[(int)at..(int)to];
            at = to;
            return true;
        }
        long first = _stream.OffsetOf(_stream.Base);
        if (at < first) at = first;
        uint from = _stream.Base + (uint)(at - first);
        for (int i = 0; i < _stream.SegmentCount; i++)
        {
            Segment segment = _stream.Segments[i];
            if ((int)(segment.End - from) <= 0) continue;
            if ((int)(segment.Sequence - from) > 0)
            {
                at += (int)(segment.Sequence - from);
                from = segment.Sequence;
            }
            if (at >= to) return false;
            uint end = _stream.ContiguousEnd(from);
            if ((int)(end - from) > to - at) end = from + (uint)(to - at);
            bytes = _stream.Slice(from, end);
            at += bytes.Length;
            return !bytes.IsEmpty;
        }
        return false;
    }

    /// <summary>The frame's bytes from its start, with a note in the place of those that are not there (any more).</summary>
    public void Copy(in AppFrame frame, SlidingBuffer into, int most)
    {
        long wanted = frame.Start;
        long at = wanted;
        while (into.Length < most && TryPiece(frame, ref at, out ReadOnlySpan<byte> bytes))
        {
            long begin = at - bytes.Length;
            if (begin > wanted) Missing(begin - wanted, into);
            into.Append(bytes[..Math.Min(bytes.Length, Math.Max(0, most - into.Length))]);
            wanted = at;
        }
        long end = frame.Start + Seen(frame);
        if (into.Length < most && wanted < end) Missing(end - wanted, into);
    }

    private static void Missing(long count, SlidingBuffer into)
    {
        into.Append("["u8);
        Span<byte> digits = stackalloc byte[20];
        System.Buffers.Text.Utf8Formatter.TryFormat(count, digits, out int written);
        into.Append(digits[..written]);
        into.Append(" bytes missing]"u8);
    }
}
