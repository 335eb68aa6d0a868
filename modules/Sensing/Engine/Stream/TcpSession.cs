using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Stream;

internal enum TcpState : byte { None, SynSent, SynRecv, Established, FinWait1, FinWait2, TimeWait, LastAck, CloseWait, Closing, Closed }

/// <summary>What a SYN brings, kept until it is known which of several counts.</summary>
/// <param name="Scale">Window scale; -1: none.</param>
/// <param name="Second">Second of its arrival.</param>
internal readonly record struct TcpCall(uint Sequence, uint Window, short Scale, bool HasTimestamp, uint Timestamp, long Second)
{
    public static TcpCall Of(Packet p) => new(p.Sequence, p.Window, p.WindowScale, p.HasTimestamp, p.HasTimestamp ? p.TimestampValue : 0, p.Time / 1_000_000);

    /// <summary>Would an answer to one be an answer to the other?</summary>
    public bool IsAnsweredAs(in TcpCall other) => Sequence == other.Sequence && HasTimestamp == other.HasTimestamp && Timestamp == other.Timestamp;
}

internal sealed class TcpSession
{
    public TcpState State;
    public TcpState Previous;        // the state before this one
    public TcpState Before;          // the state that the packet in hand found
    public TcpStream Client { get; private set; } = new();
    public TcpStream Server { get; private set; } = new();
    public bool Midstream;
    public TcpStream? Unheard;       // of a conversation picked up midway: the side whose window is not known yet
    public bool Async;
    public bool Simultaneous;        // both sides called
    public bool ClientStamps;        // the call carried a timestamp
    public bool ClientScales;        // the call carried a window scale
    public bool TimestampsOn;
    public bool Confirmed;           // something was said after the handshake
    public bool EvasionTried;
    public bool AppDisabled;
    public bool RawDisabled;
    public bool Reset_;              // closed by RST
    public bool FastOpen;
    public bool EofDelivered;
    public TcpCall Call;             // the one that counts
    private List<TcpCall>? _calls, _answers;

    /// <summary>Calls said again with other content, and answers with other numbers: rare.</summary>
    public List<TcpCall> Calls => _calls ??= [];

    public List<TcpCall> Answers => _answers ??= [];

    public bool HasAnswers => _answers is { Count: > 0 };

    public void TurnRound() => (Client, Server) = (Server, Client);

    public void Enter(TcpState state)
    {
        if (state == State) return;
        Previous = State;
        State = state;
    }

    /// <summary>May a call open a new conversation between the same two ends?</summary>
    public bool CanBeReusedBy(uint sequence, bool fromClient)
    {
        if (State == TcpState.None) return true;
        if (fromClient && Client.Isn == sequence) return false;
        return State >= TcpState.LastAck;
    }

    public void Reset()
    {
        State = Previous = Before = TcpState.None;
        Unheard = null;
        Midstream = Async = Simultaneous = ClientStamps = ClientScales = TimestampsOn = Confirmed = EvasionTried = AppDisabled = RawDisabled = Reset_ = FastOpen = EofDelivered = false;
        _calls?.Clear();
        _answers?.Clear();
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
    public uint NextWindow;          // the highest number that the other side has offered to take
    public uint Window;              // what the other side offered last, scaled
    public byte Scale;               // of the windows that the other side offers
    public uint LastTimestamp;
    public long LastSecond;          // when it was
    public bool ZeroTimestamp;       // its SYN carried one of zero
    public byte Flags;
    public bool Started;
    public bool FinSeen;
    public uint FinSequence;
    public bool AppDone;             // the parser wants no more
    public bool RawDone;
    public bool DepthReached;
    public bool ResetReceived;       // a RST was sent to it that its system may not have taken
    public bool KeepAlive;           // it asked last whether the other side is there
    public bool GapSeen;
    public bool EofSent;
    public bool RawTrigger;
    public int RawWindow;            // how much of what rules have seen is kept for them to see again
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
        LastSecond = 0;
        Flags = 0;
        Started = FinSeen = AppDone = RawDone = DepthReached = ResetReceived = KeepAlive = ZeroTimestamp = GapSeen = EofSent = RawTrigger = Unacked = FramesHeld = false;
        FinSequence = 0;
        TakenOut = 0;
        MaxRegions = 1;
        RawWindow = 0;
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

    /// <summary>Where the last bytes before <paramref name="end"/>, at most <paramref name="most"/> of them and without a hole, begin.</summary>
    public uint WindowStart(uint end, int most)
    {
        uint from = Base, reached = Base;
        for (int i = 0; i < SegmentCount && (int)(Segments[i].Sequence - end) < 0; i++)
        {
            if ((int)(Segments[i].Sequence - reached) > 0) from = Segments[i].Sequence;
            if ((int)(Segments[i].End - reached) > 0) reached = Segments[i].End;
        }
        return (int)(end - from) > most ? end - (uint)most : from;
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
        else if (AppDone) keep = RawSequence - (uint)RawWindow;
        else if (RawDone) keep = AppSequence;
        else keep = (int)(AppSequence - RawSequence) < -RawWindow ? AppSequence : RawSequence - (uint)RawWindow;
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
