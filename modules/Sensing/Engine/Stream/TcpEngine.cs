using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Stream;

/// <summary>
/// Follows the TCP state machine of a flow (RFC 9293 section 3.3.2) as seen from between the two hosts, and decides which segments belong to the conversation. States are those of the server's side where it
/// closes first, of the client's side otherwise. One instance per worker; not thread-safe.
/// </summary>
internal sealed partial class TcpEngine(StreamOptions options, StreamCounters counters, Reassembly reassembly)
{
    private const byte Fin = 1, Syn = 2, Rst = 4, Ack = 16, Urg = 32;
    private const long SessionCost = 512;
    private readonly Pool<TcpSession> _spare = new(16384);

    public Reassembly Reassembly => reassembly;

    public void UseMemcap(long bytes) => options = options with { Memcap = bytes };

    public void Handle(Flow.Flow flow, Packet p)
    {
        if (options.ChecksumValidation && !p.Is(PacketMarks.ChecksumUnread) && p.Source != PacketSource.Tunnel && !Decoder.ChecksumHolds(p))
        {
            counters.InvalidChecksum++;
            p.Marks |= PacketMarks.BadChecksum;
            if (options.DropInvalid) p.Drop(DropReason.StreamError);
            return;
        }
        Count(p.TcpFlags);
        if ((p.TcpFlags & Ack) == 0 && p.Acknowledgement != 0) p.AddEvent(DecodeEvent.StreamPktBrokenAck);
        reassembly.Current = p;
        TcpSession? session = flow.Tcp;
        TcpState before = session?.State ?? TcpState.None;
        if (session == null)
        {
            session = Open(flow, p);
            if (session == null || flow.Bypassed || p.Is(PacketMarks.NoInspection) && flow.Dropped) return;
        }
        session.Before = before;
        if (session.Midstream && p.PayloadLength > 0 && flow.App.Parser == null) LookRound(flow, session, p);
        TcpStream own = p.ToServer ? session.Client : session.Server;
        TcpStream other = p.ToServer ? session.Server : session.Client;
        own.Flags |= p.TcpFlags;
        if ((own.TakenOut | other.TakenOut) != 0)
        {
            p.Sequence -= own.TakenOut;
            p.Acknowledgement -= other.TakenOut;
        }
        if (before != TcpState.None && !SaysNothingNew(session, p, own, other) && !Step(session.State, flow, session, p, own, other) && options.DropInvalid) p.Drop(DropReason.StreamError);
        flow.State = session.State switch
        {
            TcpState.None or TcpState.SynSent or TcpState.SynRecv => FlowState.New,
            TcpState.LastAck or TcpState.TimeWait or TcpState.Closed => FlowState.Closed,
            _ => FlowState.Established,
        };
    }

    public void Free(Flow.Flow flow)
    {
        if (flow.Tcp == null) return;
        reassembly.Free(flow.Tcp);
        counters.ActiveSessions--;
        counters.SessionMemory -= SessionCost;
        _spare.Give(flow.Tcp);
        flow.Tcp = null;
    }

    private void Count(byte flags)
    {
        if ((flags & (Syn | Ack)) == Syn) counters.Syn++;
        else if ((flags & (Syn | Ack)) == (Syn | Ack)) counters.SynAck++;
        if ((flags & Rst) != 0) counters.Rst++;
        if ((flags & Urg) != 0) counters.Urgent++;
    }

    /// <returns>Whether the packet belongs to the conversation; one that does not goes no further in-line.</returns>
    private bool Step(TcpState state, Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other) => state switch
    {
        TcpState.SynSent => InSynSent(flow, session, p, own, other),
        TcpState.SynRecv => InSynRecv(flow, session, p, own, other),
        TcpState.Established => InEstablished(flow, session, p, own, other),
        TcpState.FinWait1 or TcpState.FinWait2 or TcpState.Closing or TcpState.CloseWait or TcpState.LastAck or TcpState.TimeWait => InShutdown(state, flow, session, p, own, other),
        TcpState.Closed => InClosed(flow, session, p, own, other),
        _ => true,
    };

    /// <summary>The packet does not belong: rules can ask for it.</summary>
    private static bool Refuse(Packet p, DecodeEvent e)
    {
        p.AddEvent(e);
        return false;
    }

    private static int Distance(uint a, uint b) => (int)(a - b);
}
