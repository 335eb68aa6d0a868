using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

[Flags]
internal enum StreamMarks : byte { None = 0, Start = 1, Eof = 2, Gap = 4, Depth = 8 }

/// <summary>What becomes of bytes that the urgent pointer names: part of the stream, one byte taken out of it (RFC 6093 section 3.1), left out as a hole, or the packet refused.</summary>
internal enum UrgentPolicy : byte { Inline, OutOfBand, Gap, Drop }

/// <summary>Whoever makes sense of the bytes: protocol detection and parsers.</summary>
internal interface IStreamReader
{
    /// <summary>Offers bytes in order. Returns how many were used; the rest is offered again together with what follows. -1: wants no more.</summary>
    int Offer(Flow.Flow flow, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks, int gap);

    /// <summary>Do the first bytes of a conversation picked up midway read as an answer rather than as a request?</summary>
    bool StartsTheOtherWay(ReadOnlySpan<byte> bytes, bool toServer, ushort clientPort, ushort serverPort);
}

internal sealed record StreamOptions
{
    public long ReassemblyMemcap { get; init; } = 256L << 20;
    public long Memcap { get; init; } = 64L << 20;
    public long Depth { get; init; } = 1 << 20;
    public int ToServerChunk { get; init; } = 2560;
    public int ToClientChunk { get; init; } = 2560;
    public bool Midstream { get; init; }
    public bool AsyncOneside { get; init; }
    public bool Inline { get; init; }
    /// <summary>In-line: what does not belong to its conversation is dropped.</summary>
    public bool DropInvalid { get; init; }
    public bool Ips { get; init; }
    public Flow.ExceptionPolicy MidstreamPolicy { get; init; }

    /// <summary>Are conversations followed whose beginning was not seen? Not where the policy wants them stopped or left alone.</summary>
    public bool PicksUp => Midstream && MidstreamPolicy is Flow.ExceptionPolicy.Ignore or Flow.ExceptionPolicy.PassFlow;
    public Flow.ExceptionPolicy MemcapPolicy { get; init; }
    public Flow.ExceptionPolicy ReassemblyMemcapPolicy { get; init; }
    public bool ChecksumValidation { get; init; } = true;
    /// <summary>Checksums are taken for right everywhere, also by rules: what captured them had none to show.</summary>
    public bool ChecksumsUnread { get; init; }

    /// <summary>So is it once more than a tenth of the first thousand packets of a file have shown wrong ones.</summary>
    public bool ChecksumsByTrial { get; init; }
    public bool BypassDepth { get; init; }
    public int MaxSegments { get; init; } = 4096;
    public int MaxCalls { get; init; } = 10;
    public int MaxAnswers { get; init; } = 5;

    /// <summary>A timestamp may be one behind the last, whatever the receiver's system.</summary>
    public bool LiberalTimestamps { get; init; } = true;
    public bool Raw { get; init; } = true;
    public UrgentPolicy Urgent { get; init; }
    public DefragPolicies Policies { get; init; } = new();
}

internal sealed class StreamCounters
{
    public long Sessions, Syn, SynAck, Rst, Midstream, InvalidChecksum, Gaps, SegmentMemcapDrops, SessionMemcapDrops, SegmentListDrops, ReassemblyMemory, SessionMemory,
        Overlaps, OverlapDifferentData, NoFlow, Pseudo, DepthReached, ActiveSessions, Urgent;
}

/// <summary>Stores segments in order, settles overlaps the target's way, and hands on what may be read.</summary>
internal sealed class Reassembly(StreamOptions options, StreamCounters counters, IStreamReader reader)
{
    public void UseMemcap(long bytes) => options = options with { ReassemblyMemcap = bytes };

    public long MemoryUse => counters.ReassemblyMemory;

    private const int MaxWindow = 1 << 24;

    /// <summary>In-line nothing is waited for.</summary>
    public bool Inline => options.Inline;

    public void Store(TcpStream stream, Packet p, uint sequence, ReadOnlySpan<byte> payload, OverlapPolicy policy)
    {
        if (stream.AppDone && stream.RawDone && stream.SegmentCount == 0)
        {
            if ((int)(sequence + (uint)payload.Length - stream.Base) > 0) stream.Base = stream.AppSequence = stream.RawSequence = sequence + (uint)payload.Length;
            return;
        }
        int behind = (int)(stream.Base - sequence);
        if (behind > 0)
        {
            if (behind >= payload.Length)
            {
                return;
            }
            payload = payload[behind..];
            sequence = stream.Base;
        }
        if (stream.Depth > 0)
        {
            long offset = stream.OffsetOf(sequence);
            if (offset >= stream.Depth)
            {
                Deep(stream);
                return;
            }
            if (offset + payload.Length > stream.Depth)
            {
                payload = payload[..(int)(stream.Depth - offset)];
                Deep(stream);
            }
        }
        int at = (int)(sequence - stream.Base);
        if (at < 0 || at > MaxWindow) return;
        if (stream.SegmentCount >= options.MaxSegments)
        {
            counters.SegmentListDrops++;
            return;
        }
        int before = stream.Bytes.Capacity;
        if (counters.ReassemblyMemory > options.ReassemblyMemcap)
        {
            counters.SegmentMemcapDrops++;
            if (p.Flow != null) Flow.ExceptionPolicies.Apply(options.ReassemblyMemcapPolicy, p, p.Flow, DropReason.StreamReassembly, options.Ips);
            return;
        }
        p.Marks |= PacketMarks.StreamAdded;
        uint end = sequence + (uint)payload.Length;
        int place = stream.SegmentCount;
        bool plain = place == 0 || (int)(sequence - stream.Segments[place - 1].End) >= 0;
        if (plain && place > 0)
        {
            // an earlier, longer segment may still reach in
            for (int i = place - 1; i >= 0 && plain; i--)
                if ((int)(stream.Segments[i].End - sequence) > 0) plain = false;
                else if (place - i > 4) break;
        }
        if (plain)
        {
            stream.Bytes.WriteAt(at, payload);
        }
        else
        {
            if (Overlapping(stream, sequence, payload, policy)) p.AddEvent(DecodeEvent.StreamReassemblyOverlapDifferentData);
            while (place > 0 && (int)(stream.Segments[place - 1].Sequence - sequence) > 0) place--;
        }
        counters.ReassemblyMemory += stream.Bytes.Capacity - before;
        if (stream.SegmentCount == stream.Segments.Length) Array.Resize(ref stream.Segments, stream.SegmentCount * 2);
        if (place < stream.SegmentCount) Array.Copy(stream.Segments, place, stream.Segments, place + 1, stream.SegmentCount - place);
        stream.Segments[place] = new Segment { Sequence = sequence, Length = (int)(end - sequence) };
        stream.SegmentCount++;
    }

    /// <summary>The packet in hand: a hole that shows with it is told of it.</summary>
    public Packet? Current { get; set; }

    public bool StartsTheOtherWay(ReadOnlySpan<byte> bytes, bool toServer, ushort clientPort, ushort serverPort) => reader.StartsTheOtherWay(bytes, toServer, clientPort, serverPort);

    /// <summary>Drops all that a stream has stored and nobody has read: the other side did not take it.</summary>
    public void Forget(TcpStream stream)
    {
        int before = stream.Bytes.Capacity;
        stream.Bytes.Release();
        stream.SegmentCount = 0;
        counters.ReassemblyMemory += stream.Bytes.Capacity - before;
    }

    private void Deep(TcpStream stream)
    {
        if (stream.DepthReached) return;
        stream.DepthReached = true;
        counters.DepthReached++;
    }

    /// <summary>Writes the bytes of a segment that overlaps others: per older segment, the policy says whose bytes stay.</summary>
    /// <returns>Whether the two say different things.</returns>
    private bool Overlapping(TcpStream stream, uint sequence, ReadOnlySpan<byte> payload, OverlapPolicy policy)
    {
        counters.Overlaps++;
        byte[] mine = System.Buffers.ArrayPool<byte>.Shared.Rent(payload.Length);
        payload.CopyTo(mine);
        uint end = sequence + (uint)payload.Length;
        bool different = false;
        ReadOnlySpan<byte> stored = stream.Bytes.Span;
        for (int i = 0; i < stream.SegmentCount; i++)
        {
            Segment old = stream.Segments[i];
            if ((int)(old.Sequence - end) >= 0) break;
            if ((int)(old.End - sequence) <= 0) continue;
            bool newWins = policy switch
            {
                OverlapPolicy.Vista => false,
                OverlapPolicy.OldLinux => (int)(sequence - old.Sequence) < 0 || sequence == old.Sequence && (int)(end - old.End) >= 0,
                OverlapPolicy.Linux => (int)(sequence - old.Sequence) < 0 || sequence == old.Sequence && (int)(end - old.End) > 0,
                OverlapPolicy.Solaris => !((int)(old.Sequence - sequence) < 0 && (int)(old.End - end) >= 0 || (int)(old.End - end) > 0 && (int)(old.Sequence - sequence) >= 0),
                _ => (int)(sequence - old.Sequence) < 0,
            };
            uint from = (int)(old.Sequence - sequence) > 0 ? old.Sequence : sequence;
            uint to = (int)(old.End - end) < 0 ? old.End : end;
            int storedAt = (int)(from - stream.Base);
            int length = (int)(to - from);
            if (storedAt < 0 || storedAt + length > stored.Length) continue;
            ReadOnlySpan<byte> keep = stored.Slice(storedAt, length);
            Span<byte> target = mine.AsSpan((int)(from - sequence), length);
            if (keep.SequenceEqual(target)) continue;
            counters.OverlapDifferentData++;
            // the very same stretch is taken for the same segment sent again, unless it goes on to its reader as it came
            different |= options.Inline || old.Sequence != sequence || old.End != end;
            if (!newWins) keep.CopyTo(target);
        }
        stream.Bytes.WriteAt((int)(sequence - stream.Base), mine.AsSpan(0, payload.Length));
        System.Buffers.ArrayPool<byte>.Shared.Return(mine);
        return different;
    }

    /// <summary>Offers the reader everything it may see: up to what the other side has acknowledged, or all of it when in-line or at the end.</summary>
    public void Deliver(Flow.Flow flow, TcpSession session, TcpStream stream, bool toServer, bool all)
    {
        if (!stream.Started) return;
        if (stream.AppDone || session.AppDisabled)
        {
            stream.AppDone = true;
            TrimRaw(stream, all);
            return;
        }
        bool inline = options.Inline || stream.Unacked || all;
        for (int guard = 0; guard < 64; guard++)
        {
            uint end = stream.ContiguousEnd(stream.AppSequence);
            uint limit = stream.LastAck;
            if (stream.FinSeen && (int)(limit - stream.FinSequence) > 0) limit = stream.FinSequence;
            if (!inline && (int)(end - limit) > 0) end = limit;
            int available = (int)(end - stream.AppSequence);
            if (available <= 0)
            {
                if (!TryGap(stream, limit, all, out int missing)) break;
                if ((int)(limit - stream.AppSequence) > 0)
                {
                    // what nobody acknowledged may never have been sent
                    counters.Gaps++;
                    Current?.AddEvent(DecodeEvent.StreamReassemblySeqGap);
                }
                stream.GapSeen = true;
                int used = reader.Offer(flow, toServer, default, StreamMarks.Gap, missing);
                stream.AppSequence += (uint)missing;
                if (used < 0)
                {
                    stream.AppDone = true;
                    break;
                }
                continue;
            }
            ReadOnlySpan<byte> bytes = stream.Slice(stream.AppSequence, end);
            if (bytes.IsEmpty) break;
            StreamMarks marks = stream.OffsetOf(stream.AppSequence) == 0 ? StreamMarks.Start : 0;
            if (stream.DepthReached) marks |= StreamMarks.Depth;
            int taken = reader.Offer(flow, toServer, bytes, marks, 0);
            if (taken < 0)
            {
                stream.AppDone = true;
                break;
            }
            if (taken == 0) break;
            stream.AppSequence += (uint)Math.Min(taken, bytes.Length);
            if (taken < bytes.Length) break;
        }
        TrimRaw(stream, all);
    }

    /// <summary>Is there a hole at the parser's place that will not be filled: the other side has acknowledged past it?</summary>
    private static bool TryGap(TcpStream stream, uint limit, bool all, out int missing)
    {
        missing = 0;
        uint at = stream.AppSequence;
        uint next = 0;
        bool later = false;
        for (int i = 0; i < stream.SegmentCount && !later; i++)
            if ((int)(stream.Segments[i].Sequence - at) > 0)
            {
                next = stream.Segments[i].Sequence;
                later = true;
            }
        if (later)
        {
            if (!all && (int)(limit - at) <= 0) return false;
            missing = (int)(next - at);
            if (!all && (int)(limit - next) < 0) missing = (int)(limit - at);
            return missing > 0;
        }
        return false;
    }

    /// <summary>Offset behind the last byte that may be read now, whether or not a parser has taken it.</summary>
    public long ReadableEnd(TcpStream stream, bool all)
    {
        uint end = stream.ContiguousEnd(stream.AppSequence);
        if (!all && !options.Inline && !stream.Unacked && (int)(end - stream.LastAck) > 0) end = stream.LastAck;
        if ((int)(end - stream.AppSequence) < 0) end = stream.AppSequence;
        // what has been acknowledged behind a hole can be read as well: the hole will not be filled
        if (stream.SegmentCount > 0)
        {
            uint last = stream.Segments[stream.SegmentCount - 1].End;
            uint acked = (int)(last - stream.LastAck) > 0 ? stream.LastAck : last;
            if ((int)(acked - end) > 0) end = acked;
        }
        return stream.OffsetOf(end);
    }

    private void TrimRaw(TcpStream stream, bool all)
    {
        if (!options.Raw) stream.RawDone = true;
        int before = stream.Bytes.Capacity;
        // raw inspection that lags behind by more than its chunk several times over is cut short, so that a stuck parser cannot hold memory
        if (!stream.RawDone && (int)(stream.AppSequence - stream.RawSequence) > 1 << 18) stream.RawSequence = stream.AppSequence - (1 << 16);
        stream.Release();
        if (stream.Bytes.Length == 0 && (all || before > 1 << 16)) stream.Bytes.Release();
        counters.ReassemblyMemory += stream.Bytes.Capacity - before;
    }

    /// <summary>The next chunk for rules that look at the raw stream; empty when too little has come in and nothing triggered it.</summary>
    public ReadOnlySpan<byte> TakeRaw(TcpSession session, TcpStream stream, bool toServer, bool all, out long offset, out uint through)
    {
        offset = 0;
        through = 0;
        if (stream.RawDone || !stream.Started) return default;
        uint end = stream.ContiguousEnd(stream.RawSequence);
        uint limit = stream.LastAck;
        if (!all && !options.Inline && !stream.Unacked && (int)(end - limit) > 0) end = limit;
        int available = (int)(end - stream.RawSequence);
        if (available <= 0)
        {
            uint at = stream.RawSequence;
            for (int i = 0; i < stream.SegmentCount; i++)
                if ((int)(stream.Segments[i].Sequence - at) > 0)
                {
                    if (!all && (int)(limit - stream.Segments[i].Sequence) < 0) return default;
                    stream.RawSequence = stream.Segments[i].Sequence;
                    return TakeRaw(session, stream, toServer, all, out offset, out through);
                }
            return default;
        }
        int chunk = toServer ? options.ToServerChunk : options.ToClientChunk;
        if (options.Inline) stream.RawWindow = chunk; // in-line, rules see what has gone before together with what comes
        if (available < chunk && !stream.RawTrigger && !all && !options.Inline && session.State < TcpState.TimeWait && !stream.DepthReached) return default;
        uint from = options.Inline ? stream.WindowStart(end, Math.Max(chunk, available)) : stream.RawSequence;
        offset = stream.OffsetOf(from);
        through = end;
        return stream.Slice(from, end);
    }

    /// <summary>Is there more for rules behind what they have seen, once a hole is stepped over?</summary>
    public static bool HasMoreRaw(TcpStream stream) =>
        stream is { Started: true, RawDone: false, SegmentCount: > 0 } && (int)(stream.Segments[stream.SegmentCount - 1].End - stream.RawSequence) > 0;

    /// <summary>At the end of a flow the bytes stay (<paramref name="keep"/>), so that alerts can show what lies before a hole.</summary>
    public void RawInspected(TcpStream stream, uint through, bool keep = false)
    {
        stream.RawSequence = through;
        stream.RawTrigger = false;
        if (keep) return;
        int before = stream.Bytes.Capacity;
        stream.Release();
        counters.ReassemblyMemory += stream.Bytes.Capacity - before;
    }

    public void SendEof(Flow.Flow flow, TcpSession session, TcpStream stream, bool toServer)
    {
        if (stream.EofSent) return;
        stream.EofSent = true;
        stream.RawTrigger = true;
        if (session.AppDisabled || stream.AppDone || !stream.Started) return;
        uint end = stream.ContiguousEnd(stream.AppSequence);
        int used = reader.Offer(flow, toServer, stream.Slice(stream.AppSequence, end), StreamMarks.Eof, 0);
        if (used < 0) stream.AppDone = true;
        else stream.AppSequence += (uint)used;
    }

    public void Free(TcpSession session)
    {
        counters.ReassemblyMemory -= session.Client.Bytes.Capacity + session.Server.Bytes.Capacity;
        session.Reset();
    }
}
