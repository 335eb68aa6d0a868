using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Stream;

internal enum TcpState : byte { None, SynSent, SynRecv, Established, FinWait1, FinWait2, TimeWait, LastAck, CloseWait, Closing, Closed }

internal sealed class TcpSession
{
    public TcpState State;
    public TcpState Before;          // the state that the packet in hand found
    public readonly TcpStream Client = new();
    public readonly TcpStream Server = new();
    public bool Midstream;
    public bool Async;
    public bool TimestampsOn;
    public bool AppDisabled;
    public bool RawDisabled;
    public bool Reset_;              // closed by RST
    public bool FastOpen;
    public bool EofDelivered;
    public byte FlagsBoth;

    public bool CanBeReusedBy(uint sequence, bool fromClient)
    {
        if (State == TcpState.None) return true;
        if (fromClient && Client.Isn == sequence) return false;
        return State is TcpState.Closed or TcpState.TimeWait or TcpState.LastAck;
    }

    public void Reset()
    {
        State = Before = TcpState.None;
        Midstream = Async = TimestampsOn = AppDisabled = RawDisabled = Reset_ = FastOpen = EofDelivered = false;
        FlagsBoth = 0;
        Client.Reset();
        Server.Reset();
    }
}

internal struct Segment
{
    public uint Sequence;
    public int Length;
    public readonly uint End => Sequence + (uint)Length;
}

/// <summary>One direction: what has been sent, what the other side has acknowledged, and the bytes still needed.</summary>
internal sealed class TcpStream
{
    public uint Isn;
    public uint NextSequence;
    public uint LastAck;
    public uint NextWindow;
    public uint Window;
    public byte Scale;
    public uint LastTimestamp;
    public byte Flags;
    public bool Started;
    public bool FinSeen;
    public uint FinSequence;
    public bool AppDone;             // the parser wants no more
    public bool RawDone;
    public bool DepthReached;
    public bool ResetDoubted;        // its owner went on after a RST, and that has been told
    public bool GapSeen;
    public bool EofSent;
    public bool RawTrigger;
    public bool Unacked;             // in-line or async: do not wait for acknowledgements
    public int MaxRegions = 1;
    public uint TakenOut;            // urgent bytes that are no part of the stream; later numbers are that much lower
    public bool FramesHeld;          // frames keep the bytes from FrameSequence on
    public uint FrameSequence;

    /// <summary>Sequence number of the first byte in <see cref="Bytes"/>.</summary>
    public uint Base;
    public uint AppSequence;
    public uint RawSequence;
    public long Depth;               // 0: no limit
    public readonly SlidingBuffer Bytes = new();
    public Segment[] Segments = new Segment[8];
    public int SegmentCount;

    /// <summary>Keeps the bytes from an offset on until frames are done with them.</summary>
    public void HoldForFrame(long offset)
    {
        uint from = Isn + 1 + (uint)offset;
        if (FramesHeld && (int)(from - FrameSequence) >= 0) return;
        FramesHeld = true;
        FrameSequence = from;
    }

    public long OffsetOf(uint sequence) => (uint)(sequence - Isn - 1);

    public void Begin(uint isn)
    {
        Isn = isn;
        NextSequence = isn + 1;
        Base = AppSequence = RawSequence = isn + 1;
        LastAck = isn + 1;
        Started = true;
    }

    public void Reset()
    {
        Isn = NextSequence = LastAck = NextWindow = Window = 0;
        Scale = 0;
        LastTimestamp = 0;
        Flags = 0;
        Started = FinSeen = AppDone = RawDone = DepthReached = ResetDoubted = GapSeen = EofSent = RawTrigger = Unacked = FramesHeld = false;
        FinSequence = 0;
        TakenOut = 0;
        MaxRegions = 1;
        Base = AppSequence = RawSequence = 0;
        SegmentCount = 0;
        Bytes.Release();
    }

    /// <summary>End of the bytes that follow on from <paramref name="from"/> without a hole.</summary>
    public uint ContiguousEnd(uint from)
    {
        uint end = from;
        for (int i = 0; i < SegmentCount; i++)
        {
            ref Segment s = ref Segments[i];
            if ((int)(s.Sequence - end) > 0) break;
            if ((int)(s.End - end) > 0) end = s.End;
        }
        return end;
    }

    public ReadOnlySpan<byte> Slice(uint from, uint to)
    {
        int start = (int)(from - Base), length = (int)(to - from);
        if (start < 0 || length <= 0 || start + length > Bytes.Length) return default;
        return Bytes.Span.Slice(start, length);
    }

    /// <summary>Forgets what both the parser and raw inspection have passed.</summary>
    public void Release()
    {
        uint keep;
        if (AppDone && RawDone) keep = ContiguousEnd(Base);
        else if (AppDone) keep = RawSequence;
        else if (RawDone) keep = AppSequence;
        else keep = (int)(AppSequence - RawSequence) < 0 ? AppSequence : RawSequence;
        if ((int)(keep - LastAck) > 0 && !Unacked) keep = LastAck;
        if (FramesHeld && (int)(keep - FrameSequence) > 0) keep = FrameSequence;
        int drop = (int)(keep - Base);
        if (drop <= 0) return;
        if (drop >= Bytes.Length) Bytes.Clear();
        else Bytes.Consume(drop);
        Base = keep;
        int gone = 0;
        while (gone < SegmentCount && (int)(Segments[gone].End - keep) <= 0) gone++;
        if (gone > 0)
        {
            SegmentCount -= gone;
            Array.Copy(Segments, gone, Segments, 0, SegmentCount);
        }
    }
}
