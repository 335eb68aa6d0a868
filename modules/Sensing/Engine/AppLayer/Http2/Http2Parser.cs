using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>Limits of app-layer.protocols.http2.</summary>
internal sealed record Http2Options
{
    public int MaxStreams { get; init; } = 4096;

    /// <summary>Bytes of each header table.</summary>
    public int MaxTable { get; init; } = 65536;

    /// <summary>Bytes of one header block, its continuations together.</summary>
    public int MaxReassembly { get; init; } = 102400;

    /// <summary>Frames of one stream and direction.</summary>
    public int MaxFrames { get; init; } = 65536;
}

/// <summary>HTTP/2 (RFC 9113): both directions of one connection, cut into frames and put together to streams.</summary>
internal sealed partial class Http2Parser(AppState state, Http2Options options) : AppParser
{
    private const int FrameHead = 9, LongFrame = 65536;
    private const int MostBodies = 256; // that are unpacked at one time
    private static ReadOnlySpan<byte> Magic => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private sealed class Direction(bool toServer, int mostTable)
    {
        public readonly bool ToServer = toServer;
        public readonly HpackDecoder Table = new(mostTable);
        public readonly Memory.SlidingBuffer Block = new(); // a header block on its way, its continuations awaited
        public uint BlockStream, BlockTarget;
        public bool BlockTooLong;

        /// <summary>Bytes of a frame that are still to come and are taken as they come; whose they are, if anybody's.</summary>
        public long Left;
        public Http2Transaction? LeftOf;
        public bool LeftEnds;
        public bool Greeted;

        /// <summary>A new header block, sent on one stream and perhaps about another (a promise).</summary>
        public void Begin(uint stream, uint target)
        {
            Block.Clear();
            BlockTooLong = false;
            BlockStream = stream;
            BlockTarget = target;
        }

        /// <summary>False once, when the block grows over the limit: none of it can be read then.</summary>
        public bool Collect(ReadOnlySpan<byte> part, int most)
        {
            if (BlockTooLong) return true;
            if (Block.Length + part.Length <= most)
            {
                Block.Append(part);
                return true;
            }
            Block.Release();
            BlockTooLong = true;
            return false;
        }
    }

    private readonly Direction _client = new(true, options.MaxTable), _server = new(false, options.MaxTable);
    private readonly Dictionary<(uint Stream, bool ToServer), Http2Body> _bodies = [];

    public override AppProto Protocol => AppProto.Http2;

    public override void Reset()
    {
        foreach (Http2Body body in _bodies.Values) body.Dispose();
        _bodies.Clear();
        foreach (Direction d in (ReadOnlySpan<Direction>)[_client, _server])
        {
            d.Table.Release();
            d.Block.Release();
        }
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        Direction d = toServer ? _client : _server;
        int used = 0;
        if (toServer && !d.Greeted)
        {
            // section 3.4; a connection picked up midway has none
            if (bytes.Length < Magic.Length && Magic.StartsWith(bytes)) return 0;
            d.Greeted = true;
            if (bytes.StartsWith(Magic)) used = Magic.Length;
            else if (bytes.StartsWith("PRI * HTTP/2.0\r\n"u8))
            {
                Note("invalid_client_magic", toServer);
                return -1;
            }
        }
        while (used < bytes.Length)
        {
            if (d.Left > 0)
            {
                int now = (int)Math.Min(d.Left, bytes.Length - used);
                Rest(context, d, bytes.Slice(used, now));
                used += now;
                continue;
            }
            var wire = new Wire(bytes[used..]);
            int length = wire.U24();
            byte kind = wire.U8(), flags = wire.U8();
            uint stream = wire.U32() & 0x7fffffff;
            if (wire.Bad) break;
            if (length >= LongFrame)
            {
                used += FrameHead;
                Long(d, length, kind, flags, stream);
                continue;
            }
            if (wire.Left < length) break;
            Frame(context, d, kind, flags, stream, wire.Take(length));
            used += FrameHead + length;
        }
        if (toServer) context.TriggerToServer = true;
        else context.TriggerToClient = true;
        return used;
    }

    /// <summary>A loss inside the rest of a body is only a hole in a file; anywhere else nobody knows where the next frame begins.</summary>
    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        Direction d = toServer ? _client : _server;
        if (size > d.Left) return false;
        d.Left -= size;
        if (d.LeftOf?.Side(toServer).File is { } file) file.Gaps = true;
        if (d.Left == 0) EndRest(d);
        return true;
    }

    /// <summary>A frame larger than is waited for: its body is taken as it comes, any other kind is passed over.</summary>
    private void Long(Direction d, int length, byte kind, byte flags, uint stream)
    {
        Http2Transaction? tx = Find(stream, d.ToServer);
        tx.Side(d.ToServer).Note(kind);
        tx.Raise("long_frame_data", d.ToServer);
        d.Left = length;
        d.LeftOf = kind == (byte)Http2Frame.Data && stream != 0 ? tx : null;
        d.LeftEnds = (flags & EndStream) != 0 && d.LeftOf != null;
        if (d.LeftOf != null) tx.Advance(d.ToServer ? StreamState.DataClient : StreamState.DataServer);
    }

    private void Rest(ParseContext context, Direction d, ReadOnlySpan<byte> bytes)
    {
        d.Left -= bytes.Length;
        if (d.LeftOf is { } tx) Body(tx.Stream, d.ToServer).Add(tx, d.ToServer, context, bytes);
        if (d.Left == 0) EndRest(d);
    }

    private void EndRest(Direction d)
    {
        if (d.LeftEnds && d.LeftOf is { } tx) EndBody(tx, d.ToServer);
        d.LeftOf = null;
    }

    private Http2Body Body(uint stream, bool toServer)
    {
        if (_bodies.TryGetValue((stream, toServer), out Http2Body? body)) return body;
        return _bodies[(stream, toServer)] = new Http2Body();
    }

    /// <summary>DATA with END_STREAM closes the file and, with its sister, the stream.</summary>
    private void EndBody(Http2Transaction tx, bool toServer)
    {
        if (tx.Side(toServer).File is { State: FileState.Open } file)
        {
            file.Close(true);
            if (file.Whole() is { } whole) tx.Files.Add(whole);
        }
        Forget(tx.Stream, toServer);
        tx.EndStream(toServer);
    }

    /// <summary>The request of HTTP/1.1 that asked for the change is the first stream, and the client's half of it is over (RFC 7540, section 3.2).</summary>
    public void TakeOver(Http2Upgrade asked)
    {
        Http2Transaction tx = Find(1, true);
        asked.Fill(tx.Request.Headers);
        tx.Request.Note((byte)Http2Frame.Headers);
        tx.Request.HasHeaders = true;
        tx.EndStream(true);
        if (asked.Settings.IsEmpty) return;
        byte[] settings = new byte[asked.Settings.Length];
        if (!Http2Upgrade.TryBase64Url(asked.Settings.Span, settings, out int length))
        {
            tx.Raise("invalid_http1_settings", true);
            return;
        }
        if (length == 0) return;
        Http2Transaction about = Find(0, true);
        about.Request.Note((byte)Http2Frame.Settings);
        var wire = new Wire(settings.AsSpan(0, length));
        Settings(about.Request, ref wire);
    }

    /// <summary>What is wrong with the connection is noted where it was noticed: at the latest of its streams.</summary>
    private void Note(string name, bool toServer) => Latest()?.Raise(name, toServer);

    private Http2Transaction? Latest()
    {
        for (int i = state.Transactions.Count - 1; i >= 0; i--)
            if (state.Transactions[i] is Http2Transaction tx) return tx;
        return null;
    }

    /// <summary>The exchange a frame belongs to. Frames about the connection are each one of their own.</summary>
    private Http2Transaction Find(uint stream, bool toServer)
    {
        if (stream != 0)
            for (int i = state.Transactions.Count - 1; i >= 0; i--)
            {
                if (state.Transactions[i] is not Http2Transaction known || known.Stream != stream || known.Dropped) continue;
                if (known.State == StreamState.Closed) known.Raise("stream_id_reuse", toServer);
                return known;
            }
        Limit(toServer);
        Http2Transaction tx = state.Add(new Http2Transaction(stream));
        if (stream == 0) tx.Become(StreamState.Global);
        return tx;
    }

    /// <summary>With too many streams alive the oldest is let go.</summary>
    private void Limit(bool toServer)
    {
        if (state.Transactions.Count < options.MaxStreams) return;
        int live = 0;
        Http2Transaction? oldest = null;
        foreach (Transaction t in state.Transactions)
        {
            if (t is not Http2Transaction tx || tx.Dropped) continue;
            oldest ??= tx;
            live++;
        }
        if (live < options.MaxStreams || oldest == null) return;
        oldest.Dropped = true;
        oldest.Raise("too_many_streams", toServer);
        foreach (AppFile file in oldest.Files) file.Close(false);
        Forget(oldest.Stream, true);
        Forget(oldest.Stream, false);
        if (oldest.State != StreamState.Global) oldest.Become(StreamState.Closed);
        if (_client.LeftOf == oldest) _client.LeftOf = null;
        if (_server.LeftOf == oldest) _server.LeftOf = null;
    }

    private void Forget(uint stream, bool toServer)
    {
        if (_bodies.Remove((stream, toServer), out Http2Body? body)) body.Dispose();
    }

    /// <summary>A server's first frame: SETTINGS of the whole connection (section 3.4).</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= FrameHead && bytes[0] == 0 && (bytes[1] << 8 | bytes[2]) <= 16384 && bytes[3] == (byte)Http2Frame.Settings && (bytes[4] & 0xfe) == 0
        && (bytes[5] | bytes[6] | bytes[7] | bytes[8]) == 0;
}
