using Appliance.Sensing.Engine.AppLayer.Http;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

internal sealed partial class Http2Parser
{
    private const byte EndStream = 1, EndHeaders = 4, Padded = 8, HasPriority = 0x20;

    /// <summary>One whole frame (RFC 9113, section 4.1 and 6).</summary>
    private void Frame(ParseContext context, Direction d, byte kind, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        if (kind == (byte)Http2Frame.Settings && payload.IsEmpty) return; // an acknowledgement, or nothing to tell
        bool fine = true;
        var wire = new Wire(payload);
        switch ((Http2Frame)kind)
        {
            case Http2Frame.Headers or Http2Frame.PushPromise or Http2Frame.Continuation:
                Headers(d, kind, flags, stream, payload);
                return;
            case Http2Frame.Data:
                Data(context, d, flags, stream, payload);
                return;
            case Http2Frame.GoAway: fine = payload.Length >= 8; break;
            case Http2Frame.ResetStream or Http2Frame.WindowUpdate: fine = payload.Length == 4; break;
            case Http2Frame.Priority: fine = payload.Length == 5; break;
        }
        if (!fine) Note("invalid_frame_length", d.ToServer);
        Http2Transaction tx = Find(stream, d.ToServer);
        Http2Side side = tx.Side(d.ToServer);
        if (!Counted(tx, side, kind, d.ToServer) || !fine) return;
        switch ((Http2Frame)kind)
        {
            case Http2Frame.GoAway:
                // records have always shown the first word here, which is the last stream's number, for the error
                side.AddError(wire.U32(), true);
                break;
            case Http2Frame.ResetStream:
                side.AddError(wire.U32(), false);
                break;
            case Http2Frame.WindowUpdate: side.AddWindow(wire.U32() & 0x7fffffff); break;
            case Http2Frame.Priority:
                wire.Skip(4);
                side.AddPriority(wire.U8());
                break;
            case Http2Frame.Settings: Settings(side, ref wire); break;
        }
    }

    private static void Settings(Http2Side side, ref Wire wire)
    {
        side.HasSettings = true;
        while (wire.Left >= 6)
        {
            ushort id = wire.U16();
            uint value = wire.U32();
            if (id == 0 || id > Http2Names.LastSetting) return;
            side.AddSetting(id, value);
        }
    }

    private bool Counted(Http2Transaction tx, Http2Side side, byte kind, bool toServer)
    {
        if (side.Frames >= options.MaxFrames)
        {
            tx.Raise("too_many_frames", toServer);
            return false;
        }
        side.Note(kind);
        return true;
    }

    /// <summary>The padding of a frame taken off (section 6.1); a frame that claims more than it has stays as it is.</summary>
    private static ReadOnlySpan<byte> Unpadded(ReadOnlySpan<byte> payload, byte flags)
    {
        if ((flags & Padded) == 0 || payload.IsEmpty || payload[0] >= payload.Length) return payload;
        return payload[1..^payload[0]];
    }

    private void Data(ParseContext context, Direction d, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        Http2Transaction tx = Find(stream, d.ToServer);
        Http2Side side = tx.Side(d.ToServer);
        if (!Counted(tx, side, (byte)Http2Frame.Data, d.ToServer) && (flags & EndStream) == 0) payload = default;
        if (stream == 0)
        {
            tx.Raise("data_stream_zero", d.ToServer);
            return;
        }
        Body(stream, d.ToServer).Add(tx, d.ToServer, context, Unpadded(payload, flags));
        tx.Advance(d.ToServer ? StreamState.DataClient : StreamState.DataServer);
        if ((flags & EndStream) != 0) EndBody(tx, d.ToServer);
    }

    /// <summary>HEADERS, PUSH_PROMISE and CONTINUATION (sections 6.2, 6.6, 6.10).</summary>
    private void Headers(Direction d, byte kind, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        bool goesOn = kind == (byte)Http2Frame.Continuation;
        var wire = new Wire(goesOn ? payload : Unpadded(payload, flags));
        uint about = goesOn && d.BlockStream == stream ? d.BlockTarget : stream;
        int weight = -1;
        if (kind == (byte)Http2Frame.PushPromise) about = wire.U32() & 0x7fffffff;
        else if (kind == (byte)Http2Frame.Headers && (flags & HasPriority) != 0)
        {
            wire.Skip(4);
            weight = wire.U8();
        }
        if (!goesOn) d.Begin(stream, about);
        Http2Transaction? latest = Latest();
        Http2Transaction tx = Find(about, d.ToServer);
        Http2Side side = tx.Side(d.ToServer);
        bool counted = Counted(tx, side, kind, d.ToServer), whole = (flags & EndHeaders) != 0;
        ReadOnlySpan<byte> block = wire.Rest;
        if (goesOn || !whole)
        {
            if (!d.Collect(block, options.MaxReassembly)) tx.Raise("reassembly_limit_reached", d.ToServer);
            block = d.Block.Span;
        }
        bool broken = wire.Bad;
        if (whole && !broken)
        {
            int first = side.Headers.Count;
            HpackOutcome outcome = d.BlockTooLong ? HpackOutcome.Broken : d.Table.Decode(block, side.Headers);
            broken = outcome == HpackOutcome.Broken;
            // what is wrong with a block is told by the exchange before it, since a block is read before its stream is looked up
            if (outcome == HpackOutcome.LeftOver) (latest ?? tx).Raise("extra_header_data", d.ToServer);
            Faults(side.Headers, first, latest ?? tx, d.ToServer);
            if (!counted) side.Headers.Truncate(first);
            else if (!broken) Understand(tx, side, first, d.ToServer);
            d.Begin(0, 0);
        }
        if (broken) (latest ?? tx).Raise("invalid_frame_data", d.ToServer);
        else
        {
            if (weight >= 0 && counted) side.AddPriority((byte)weight);
            side.HasHeaders |= whole;
            if (kind == (byte)Http2Frame.PushPromise) tx.Advance(StreamState.Reserved);
            else if (kind == (byte)Http2Frame.Headers) tx.Advance(StreamState.Open);
            if (kind == (byte)Http2Frame.Headers && (flags & EndStream) != 0)
            {
                tx.EndStream(d.ToServer);
                Forget(stream, d.ToServer);
            }
        }
        tx.Progressed();
    }

    private static void Faults(Http2Headers headers, int first, Http2Transaction tell, bool toServer)
    {
        for (int i = first; i < headers.Count; i++)
        {
            if (headers.KindAt(i) is not (HeaderKind.NotIndexed or HeaderKind.IntegerOverflow)) continue;
            tell.Raise("invalid_header", toServer);
            if (headers.KindAt(i) == HeaderKind.IntegerOverflow) tell.Raise("header_integer_overflow", toServer);
        }
    }

    /// <summary>The fields that the parser itself acts on.</summary>
    private void Understand(Http2Transaction tx, Http2Side side, int first, bool toServer)
    {
        Http2Headers headers = side.Headers;
        int authority = -1, host = -1;
        for (int i = first; i < headers.Count; i++)
        {
            if (headers.KindAt(i) != HeaderKind.Field) continue;
            ReadOnlySpan<byte> name = headers.NameAt(i), value = headers.ValueAt(i);
            if (HttpHeaders.Same(name, ":authority"u8))
            {
                authority = i;
                // RFC 9113, section 8.3.1
                if (value.Contains((byte)'@')) tx.Raise("userinfo_in_uri", toServer);
            }
            else if (HttpHeaders.Same(name, "host"u8)) host = i;
            else if (HttpHeaders.Same(name, "content-encoding"u8) && _bodies.Count < MostBodies) Body(tx.Stream, toServer).Encoded(value);
            else if (HttpHeaders.Same(name, "content-range"u8) && !HttpRange.TryRead(value, out _)) tx.Raise("invalid_range", toServer);
        }
        if (authority >= 0 && host >= 0 && !HttpHeaders.Same(headers.ValueAt(authority), headers.ValueAt(host))) tx.Raise("authority_host_mismatch", toServer);
    }
}
