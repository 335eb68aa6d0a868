using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    /// <summary>What a side may send whose window nobody has told us: all that the header can say.</summary>
    private const byte WidestScale = 14;

    private TcpSession? Open(Flow.Flow flow, Packet p)
    {
        byte flags = p.TcpFlags;
        bool plainSyn = (flags & (Syn | Ack | Rst | Fin)) == Syn;
        // a last segment is worth picking up for what it carries
        bool lastData = (flags & (Syn | Fin)) == Fin && p.PayloadLength > 0;
        bool answer = (flags & (Syn | Ack | Fin)) == (Syn | Ack);
        bool pickup = options.PicksUp && (flags & Rst) == 0 && (answer || lastData || (flags & (Syn | Fin)) == 0 && (flags & Ack) != 0)
            || options.AsyncOneside && answer && options.MidstreamPolicy == ExceptionPolicy.Ignore;
        if (!plainSyn && !pickup)
        {
            NoSession(flow, p);
            return null;
        }
        if (counters.SessionMemory + SessionCost > options.Memcap)
        {
            counters.SessionMemcapDrops++;
            ExceptionPolicies.Apply(options.MemcapPolicy, p, flow, DropReason.StreamMemcap, options.Ips);
            return null;
        }
        counters.SessionMemory += SessionCost;
        counters.ActiveSessions++;
        counters.Sessions++;
        TcpSession session = _spare.Take();
        flow.Tcp = session;
        session.Client.Depth = session.Server.Depth = options.Depth;
        if (plainSyn)
        {
            Called(flow, session, p);
            return session;
        }
        counters.Midstream++;
        if (options.MidstreamPolicy == ExceptionPolicy.PassFlow) ExceptionPolicies.Apply(options.MidstreamPolicy, p, flow, DropReason.StreamMidstream, options.Ips);
        session.Midstream = flow.Midstream = true;
        if (answer) PickUpAnswer(flow, session, p);
        else PickUp(flow, session, p, lastData);
        return session;
    }

    private void NoSession(Flow.Flow flow, Packet p)
    {
        byte flags = p.TcpFlags;
        counters.NoFlow++;
        if ((flags & Rst) != 0) p.AddEvent(DecodeEvent.StreamRstButNoSession);
        else if ((flags & (Syn | Ack | Fin)) == (Syn | Fin)) p.AddEvent(DecodeEvent.StreamFinSyn);
        else if ((flags & Fin) != 0) p.AddEvent(DecodeEvent.StreamFinButNoSession);
        // a RST of a conversation not seen is no reason to do anything
        if ((flags & Rst) == 0 && !options.PicksUp) ExceptionPolicies.Apply(options.MidstreamPolicy, p, flow, DropReason.StreamMidstream, options.Ips);
    }

    private void Called(Flow.Flow flow, TcpSession session, Packet p)
    {
        session.Enter(TcpState.SynSent);
        session.Client.Begin(p.Sequence);
        Take(session, TcpCall.Of(p));
        if (options.AsyncOneside) session.Client.Unacked = session.Server.Unacked = false;
        session.FastOpen = p.FastOpen;
        if (!p.FastOpen || p.PayloadLength == 0) return;
        // data on the call itself: it counts once the answer takes it, in-line at once
        session.Client.NextSequence = p.Sequence + 1 + (uint)p.PayloadLength;
        reassembly.Store(session.Client, p, p.Sequence + 1, p.Payload, options.Policies.For(p.Destination));
        if (options.Inline) reassembly.Deliver(flow, session, session.Client, true, false);
    }

    /// <summary>What a call offers is what the server may send, and whether timestamps are spoken.</summary>
    private static void Take(TcpSession session, in TcpCall call)
    {
        session.Call = call;
        session.Server.Window = call.Window;
        session.ClientScales = call.Scale >= 0;
        session.Server.Scale = call.Scale >= 0 ? (byte)call.Scale : (byte)0;
        session.ClientStamps = call.HasTimestamp;
        session.Client.LastTimestamp = call.HasTimestamp ? call.Timestamp : 0;
        session.Client.LastSecond = call.Second;
        session.Client.ZeroTimestamp = call.HasTimestamp && call.Timestamp == 0;
    }

    /// <summary>The answer came first: whoever sent it is the server.</summary>
    private void PickUpAnswer(Flow.Flow flow, TcpSession session, Packet p)
    {
        flow.TurnRound(p);
        session.Enter(TcpState.SynRecv);
        session.Server.Begin(p.Sequence);
        session.Client.Begin(p.Acknowledgement - 1);
        if (options.AsyncOneside) session.Server.Unacked = true;
        session.Client.Window = p.Window;
        session.Client.Scale = p.WindowScale >= 0 ? (byte)p.WindowScale : (byte)0;
        session.Server.Scale = WidestScale;
        session.Client.NextWindow = session.Client.LastAck + session.Client.Window;
        session.Server.Window = options.AsyncOneside ? 0u : p.Window;
        session.Server.NextWindow = session.Server.LastAck + session.Server.Window;
        if (!p.HasTimestamp) return;
        session.TimestampsOn = true;
        session.Server.LastTimestamp = p.TimestampValue;
        session.Client.LastTimestamp = p.TimestampEcho;
        session.Server.ZeroTimestamp = p.TimestampValue == 0;
        session.Client.ZeroTimestamp = p.TimestampEcho == 0;
        session.Server.LastSecond = Second(p);
    }

    /// <summary>The first bytes of a side may show that it was taken for the other.</summary>
    private void LookRound(Flow.Flow flow, TcpSession session, Packet p)
    {
        TcpStream own = p.ToServer ? session.Client : session.Server;
        if (own.SegmentCount > 0 || p.Sequence != own.AppSequence || own.OffsetOf(p.Sequence) != 0) return;
        if (!reassembly.StartsTheOtherWay(p.Payload, p.ToServer, flow.ClientPort, flow.ServerPort)) return;
        flow.TurnRound(p);
        session.TurnRound();
    }

    private void PickUp(Flow.Flow flow, TcpSession session, Packet p, bool lastData)
    {
        // the first to be heard need not be the one who called
        if (p.PayloadLength > 0 && reassembly.StartsTheOtherWay(p.Payload, true, flow.ClientPort, flow.ServerPort)) flow.TurnRound(p);
        TcpStream own = p.ToServer ? session.Client : session.Server;
        TcpStream other = p.ToServer ? session.Server : session.Client;
        session.Enter(lastData ? TcpState.FinWait1 : TcpState.Established);
        own.Begin(p.Sequence - 1);
        other.Begin(p.Acknowledgement - 1);
        own.Scale = other.Scale = WidestScale;
        own.Window = (uint)p.Window << WidestScale;
        own.NextWindow = own.LastAck + own.Window;
        other.NextWindow = other.LastAck;
        session.Unheard = other;
        if (options.AsyncOneside && p.PayloadLength > 0) p.Marks |= PacketMarks.Established;
        own.NextSequence = p.Sequence + (uint)p.PayloadLength;
        if (options.AsyncOneside) own.Unacked = true;
        if (p.HasTimestamp)
        {
            session.TimestampsOn = true;
            own.LastTimestamp = p.TimestampValue;
            other.LastTimestamp = p.TimestampEcho;
            own.LastSecond = Second(p);
            own.ZeroTimestamp = p.TimestampValue == 0;
            other.ZeroTimestamp = p.TimestampEcho == 0;
        }
        if (lastData) AcceptFin(flow, session, p, own, other);
        else Data(flow, session, p, own);
    }
}
