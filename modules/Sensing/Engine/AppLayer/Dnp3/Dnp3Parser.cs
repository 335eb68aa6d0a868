using System.Buffers.Binary;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Dnp3;

/// <summary>Bounds on what one fragment or flow may cost.</summary>
internal sealed record Dnp3Options
{
    public int MaxTransactions { get; init; } = 32;
    public int MaxPoints { get; init; } = 16384;
    public int MaxObjects { get; init; } = 2048;
}

/// <summary>DNP3 over TCP: link frames with their check sums (IEEE 1815 section 9), transport segments (section 8), application fragments (section 4).</summary>
internal sealed class Dnp3Parser(AppState state, Dnp3Options options) : AppParser
{
    private const int LinkHeader = 10, MaxFragment = 1 << 16;

    /// <summary>What one side has sent of a fragment that is not whole yet.</summary>
    private sealed class Side
    {
        public readonly SlidingBuffer Segments = new();
        public Dnp3Transaction? Open;
        public int Sequence;
    }

    private readonly Side _client = new(), _server = new();

    public override AppProto Protocol => AppProto.Dnp3;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        // test centres greet with a line of text
        if (!toServer && bytes.StartsWith("DNP3"u8)) return bytes.Length;
        int used = 0;
        while (bytes.Length - used >= LinkHeader)
        {
            ReadOnlySpan<byte> frame = bytes[used..];
            if (frame[0] != 5 || frame[1] != 0x64) return -1;
            if (!Dnp3Check.Good(frame[..8], frame[8..]))
            {
                Raise("bad_link_crc", toServer);
                return -1;
            }
            if (frame[2] < 5)
            {
                Raise("len_too_small", toServer);
                return -1;
            }
            int data = frame[2] - 5, size = LinkHeader + data + (data + 15) / 16 * 2;
            if (frame.Length < size) break;
            // only frames with user data go further up (section 9.2.6)
            if (data > 0 && (frame[3] & 15) is 3 or 4 && !Frame(context, toServer, frame[..size], data)) return -1;
            used += size;
        }
        return used;
    }

    private void Raise(string name, bool toServer)
    {
        if (state.Transactions.Count > 0) state.Transactions[^1].Raise(name, toServer);
    }

    private bool Frame(ParseContext context, bool toServer, ReadOnlySpan<byte> frame, int data)
    {
        Span<byte> user = stackalloc byte[250];
        int length = 0;
        for (int at = LinkHeader; length < data;)
        {
            int part = Math.Min(16, data - length);
            ReadOnlySpan<byte> block = frame.Slice(at, part);
            if (!Dnp3Check.Good(block, frame[(at + part)..]))
            {
                // this frame is lost, the next may be good
                Raise("bad_transport_crc", toServer);
                return true;
            }
            block.CopyTo(user[length..]);
            length += part;
            at += part + 2;
        }
        return Segment(context, toServer, frame, user[..length]);
    }

    /// <summary>One transport segment: its octet says whether it is the first, the last, and its number (section 8.2).</summary>
    private bool Segment(ParseContext context, bool toServer, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> segment)
    {
        Side side = toServer ? _client : _server;
        bool first = (segment[0] & 0x40) != 0, last = (segment[0] & 0x80) != 0;
        int sequence = segment[0] & 0x3f;
        if (first)
        {
            // a request begins with two octets, an answer with four
            if (segment.Length - 1 < (toServer ? 2 : 4))
            {
                Raise("len_too_small", toServer);
                return false;
            }
            side.Segments.Clear();
            side.Open = null; // what it was part of never became whole
            // a bare confirmation is no exchange of its own
            if (toServer && segment[2] == 0) return true;
            side.Open = Begin(toServer, frame);
        }
        else if (side.Open == null || sequence != (side.Sequence + 1 & 0x3f)) return true;
        side.Sequence = sequence;
        if (side.Segments.Length + segment.Length - 1 <= MaxFragment) side.Segments.Append(segment[1..]);
        if (!last) return true;
        Read(side.Open!, side.Segments.Span, toServer);
        side.Segments.Clear();
        End(side.Open!);
        side.Open = null;
        if (toServer) context.TriggerToServer = true;
        else context.TriggerToClient = true;
        return true;
    }

    private static void End(Dnp3Transaction tx)
    {
        if (tx.FromClient) tx.ProgressToServer = 1;
        else tx.ProgressToClient = 1;
    }

    private Dnp3Transaction Begin(bool toServer, ReadOnlySpan<byte> frame)
    {
        Dnp3Transaction tx = state.Add(new Dnp3Transaction
        {
            FromClient = toServer,
            LinkControl = frame[3],
            To = BinaryPrimitives.ReadUInt16LittleEndian(frame[4..]),
            From = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]),
        });
        int open = 0;
        foreach (Transaction t in state.Transactions)
            if (t.Progress(((Dnp3Transaction)t).FromClient) == 0) open++;
        if (open <= options.MaxTransactions) return tx;
        tx.Raise("flooded", toServer);
        foreach (Transaction t in state.Transactions) End((Dnp3Transaction)t);
        return tx;
    }

    private void Read(Dnp3Transaction tx, ReadOnlySpan<byte> fragment, bool toServer)
    {
        tx.Fragment = fragment.ToArray();
        var wire = new Wire(tx.Fragment, little: true);
        tx.Control = wire.U8();
        tx.Function = wire.U8();
        if (!toServer)
        {
            tx.HasIndicators = true;
            tx.Indicators = (ushort)(wire.U8() << 8 | wire.U8());
        }
        if (wire.Bad) return;
        int points = options.MaxPoints;
        while (wire.Left > 0)
        {
            if (wire.Left < 3) return;
            bool good = Dnp3Object.TryRead(ref wire, out Dnp3Object header);
            if (tx.Objects.Count >= options.MaxObjects)
            {
                tx.Raise("too_many_objects", toServer);
                return;
            }
            // variation 0 asks for whatever there is, and brings no points
            if (good && header.RangeCode != 6 && header.Variation != 0 && header.Count > 0)
            {
                if (header.Count > (uint)options.MaxPoints)
                {
                    tx.Raise("too_many_points", toServer);
                    tx.Objects.Add(header);
                    return;
                }
                Dnp3Shape? shape = Dnp3Objects.Find(header.Group, header.Variation);
                good = shape != null && header.Walk(ref wire, shape, ref points, null);
                if (!good) tx.Raise("unknown_object", toServer);
            }
            tx.Objects.Add(header);
            if (!good) return;
        }
        tx.Whole = true;
    }

    public override void Reset()
    {
        _client.Segments.Release();
        _server.Segments.Release();
    }

    public static bool Probe(ReadOnlySpan<byte> bytes) => bytes.Length >= 3 && bytes[0] == 5 && bytes[1] == 0x64 && bytes[2] >= 5;
}

/// <summary>The check sum of link frames: CRC-16 with the polynomial 0x3d65, reflected and inverted (IEEE 1815 section 9.2.4.3).</summary>
internal static class Dnp3Check
{
    private static readonly ushort[] Table = Make();

    private static ushort[] Make()
    {
        var table = new ushort[256];
        for (int i = 0; i < 256; i++)
        {
            int c = i;
            for (int bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? c >> 1 ^ 0xa6bc : c >> 1;
            table[i] = (ushort)c;
        }
        return table;
    }

    public static ushort Of(ReadOnlySpan<byte> bytes)
    {
        int c = 0;
        foreach (byte b in bytes) c = c >> 8 ^ Table[(c ^ b) & 0xff];
        return (ushort)~c;
    }

    /// <summary>Do the two bytes behind a block check it?</summary>
    public static bool Good(ReadOnlySpan<byte> block, ReadOnlySpan<byte> sum) => sum.Length >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(sum) == Of(block);
}
