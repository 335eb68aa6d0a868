using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Stream;

/// <summary>Follows the TCP state machine of a flow and decides which segments belong to the conversation.</summary>
internal sealed partial class TcpEngine(StreamOptions options, StreamCounters counters, Reassembly reassembly)
{
    private const byte Fin = 1, Syn = 2, Rst = 4, Ack = 16, Urg = 32;
    private const long SessionCost = 512;
    private readonly Pool<TcpSession> _spare = new(16384);

    public Reassembly Reassembly => reassembly;

    public void UseMemcap(long bytes) => options = options with { Memcap = bytes };

    public void Handle(Flow.Flow flow, Packet p)
    {
        if (options.ChecksumValidation && p.Source != PacketSource.Tunnel && !Decoder.ChecksumHolds(p))
        {
            counters.InvalidChecksum++;
            p.Marks |= PacketMarks.BadChecksum;
            if (options.DropInvalid) p.Drop(DropReason.StreamError);
            return;
        }
        if ((p.TcpFlags & (Syn | Ack)) == Syn) counters.Syn++;
        else if ((p.TcpFlags & (Syn | Ack)) == (Syn | Ack)) counters.SynAck++;
        if ((p.TcpFlags & Rst) != 0) counters.Rst++;
        if ((p.TcpFlags & 0x20) != 0) counters.Urgent++;
        TcpSession? session = flow.Tcp;
        TcpState before = session?.State ?? TcpState.None;
        if (session == null)
        {
            session = Open(flow, p);
            if (session == null || flow.Bypassed || p.Is(PacketMarks.NoInspection) && flow.Dropped) return;
        }
        session.Before = before;
        TcpStream own = p.ToServer ? session.Client : session.Server;
        TcpStream other = p.ToServer ? session.Server : session.Client;
        // whoever ends a conversation does not go on with it: the end was another's doing
        if ((own.Flags & Rst) != 0 && (p.TcpFlags & Rst) == 0 && session.State == TcpState.Closed && !own.ResetDoubted)
        {
            own.ResetDoubted = true;
            p.AddEvent(DecodeEvent.StreamSuspectedRstInject);
        }
        own.Flags |= p.TcpFlags;
        if ((own.TakenOut | other.TakenOut) != 0)
        {
            p.Sequence -= own.TakenOut;
            p.Acknowledgement -= other.TakenOut;
        }
        switch (session.State)
        {
            case TcpState.None: break;
            case TcpState.SynSent: InSynSent(flow, session, p, own, other); break;
            case TcpState.SynRecv: InSynRecv(flow, session, p, own, other); break;
            default: Running(flow, session, p, own, other); break;
        }
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

    /// <summary>The packet does not belong: rules can ask for it, and in-line it goes no further.</summary>
    private void Refuse(Packet p, DecodeEvent e)
    {
        p.AddEvent(e);
        if (options.DropInvalid) p.Drop(DropReason.StreamError);
    }

    /// <summary>A call or an answer in a conversation that is under way.</summary>
    private void SynLate(TcpSession session, Packet p)
    {
        TcpStream own = p.ToServer ? session.Client : session.Server;
        if ((p.TcpFlags & Ack) != 0)
        {
            if (p.ToServer) Refuse(p, DecodeEvent.StreamEstSynackToserver);
            else if (p.Acknowledgement != session.Client.Isn + 1) Refuse(p, DecodeEvent.StreamEstSynackResendWithDiffAck);
            else if (p.Sequence != own.Isn) Refuse(p, DecodeEvent.StreamEstSynackResendWithDiffSeq);
            else p.AddEvent(DecodeEvent.StreamEstSynackResend);
        }
        else if (!p.ToServer) Refuse(p, DecodeEvent.StreamEstSynToclient);
        else if (p.Sequence != own.Isn) Refuse(p, DecodeEvent.StreamEstSynResendDiffSeq);
        else p.AddEvent(DecodeEvent.StreamEstSynResend);
    }

    private TcpSession? Open(Flow.Flow flow, Packet p)
    {
        byte flags = p.TcpFlags;
        bool plainSyn = (flags & (Syn | Ack | Rst | Fin)) == Syn;
        // a last segment is worth picking up for what it carries
        bool lastData = (flags & (Syn | Fin)) == Fin && p.PayloadLength > 0;
        bool answer = (flags & (Syn | Ack | Fin)) == (Syn | Ack);
        bool pickup = options.Midstream && (flags & Rst) == 0 && (answer || lastData || (flags & (Syn | Fin)) == 0 && (flags & Ack) != 0)
            || options.AsyncOneside && answer;
        if (!plainSyn && !pickup)
        {
            counters.NoFlow++;
            if ((flags & Rst) != 0) p.AddEvent(DecodeEvent.StreamRstButNoSession);
            else if ((flags & (Syn | Ack | Fin)) == (Syn | Fin)) p.AddEvent(DecodeEvent.StreamFinSyn);
            else if ((flags & Fin) != 0) p.AddEvent(DecodeEvent.StreamFinButNoSession);
            // RST and FIN of a conversation not seen are no reason to do anything
            if ((flags & (Rst | Fin)) == 0 && !options.Midstream) ExceptionPolicies.Apply(options.MidstreamPolicy, p, flow, DropReason.StreamMidstream, options.Ips);
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
            session.State = TcpState.SynSent;
            session.Client.Begin(p.Sequence);
            session.Client.Window = p.Window;
            if (p.WindowScale >= 0)
            {
                session.Client.Scale = (byte)p.WindowScale;
            }
            session.TimestampsOn = p.HasTimestamp;
            session.Client.LastTimestamp = p.HasTimestamp ? p.TimestampValue : 0;
            if (options.AsyncOneside) session.Client.Unacked = session.Server.Unacked = false;
            session.FastOpen = p.FastOpen;
            if (p.FastOpen && p.PayloadLength > 0)
            {
                // data on the call itself: it counts once the answer takes it, in-line at once
                session.Client.NextSequence = p.Sequence + 1 + (uint)p.PayloadLength;
                reassembly.Store(session.Client, p, p.Sequence + 1, p.Payload, options.Policies.For(p.Destination));
                if (options.Inline) reassembly.Deliver(flow, session, session.Client, true, false);
            }
            return session;
        }
        counters.Midstream++;
        if (options.MidstreamPolicy is ExceptionPolicy.PassFlow or ExceptionPolicy.Bypass) ExceptionPolicies.Apply(options.MidstreamPolicy, p, flow, DropReason.StreamMidstream, options.Ips);
        session.Midstream = flow.Midstream = true;
        if ((flags & (Syn | Ack)) == (Syn | Ack))
        {
            // the answer came first: whoever sent it is the server
            Swap(flow, p);
            session.State = TcpState.SynRecv;
            session.Server.Begin(p.Sequence);
            session.Client.Begin(p.Acknowledgement - 1);
            if (options.AsyncOneside) session.Server.Unacked = true;
            session.Server.Window = p.Window;
            session.Server.Scale = p.WindowScale >= 0 ? (byte)p.WindowScale : (byte)0;
            session.Client.Scale = 14;
            session.Client.NextWindow = p.Acknowledgement + p.Window;
            session.Server.NextWindow = p.Sequence + 1 + (65535u << 14);
            return session;
        }
        // the first to be heard need not be the one who called
        if (p.PayloadLength > 0 && reassembly.StartsAsAnswer(p.Payload, flow.ClientPort, flow.ServerPort)) Swap(flow, p);
        TcpStream own = p.ToServer ? session.Client : session.Server;
        TcpStream other = p.ToServer ? session.Server : session.Client;
        session.State = lastData ? TcpState.FinWait1 : TcpState.Established;
        own.Begin(p.Sequence - 1);
        other.Begin(p.Acknowledgement - 1);
        own.Scale = other.Scale = 14;
        own.Window = other.Window = (uint)p.Window << 14;
        own.NextWindow = own.LastAck + own.Window;
        other.NextWindow = other.LastAck + other.Window;
        if (options.AsyncOneside) own.Unacked = true;
        return session;
    }

    private static void Swap(Flow.Flow flow, Packet p)
    {
        (flow.Client, flow.Server) = (flow.Server, flow.Client);
        (flow.ClientPort, flow.ServerPort) = (flow.ServerPort, flow.ClientPort);
        (flow.PacketsToServer, flow.PacketsToClient) = (flow.PacketsToClient, flow.PacketsToServer);
        (flow.BytesToServer, flow.BytesToClient) = (flow.BytesToClient, flow.BytesToServer);
        flow.ClassedBy = null;
        p.ToServer = !p.ToServer;
    }

    private void InSynSent(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if (!p.ToServer && EchoIsForeign(session, p))
        {
            Refuse(p, DecodeEvent.StreamPktInvalidTimestamp);
            return;
        }
        if ((flags & Rst) != 0)
        {
            if (!p.ToServer && (flags & Ack) != 0 && p.Acknowledgement == session.Client.Isn + 1 || p.ToServer && p.Sequence == session.Client.Isn + 1) Close(flow, session, true);
            return;
        }
        if ((flags & Fin) != 0) return;
        if ((flags & (Syn | Ack)) == (Syn | Ack))
        {
            if (p.ToServer)
            {
                Refuse(p, DecodeEvent.Stream3whsSynackInWrongDirection);
                return;
            }
            // with fast open the answer may also take what came with the call (RFC 7413, 4.2)
            bool tookData = session.FastOpen && p.Acknowledgement == session.Client.NextSequence && session.Client.NextSequence != session.Client.Isn + 1;
            if (p.Acknowledgement != session.Client.Isn + 1 && !tookData)
            {
                Refuse(p, DecodeEvent.Stream3whsSynackWithWrongAck);
                return;
            }
            if (session.FastOpen && !tookData && session.Client.NextSequence != session.Client.Isn + 1)
            {
                p.AddEvent(DecodeEvent.Stream3whsSynackTfoDataIgnored);
                reassembly.Forget(session.Client);
                session.Client.NextSequence = session.Client.Isn + 1;
            }
            session.Server.Begin(p.Sequence);
            session.Server.Window = p.Window;
            if (p.WindowScale >= 0 && session.Client.Scale >= 0) session.Server.Scale = (byte)p.WindowScale;
            else session.Client.Scale = 0;
            if (!p.HasTimestamp) session.TimestampsOn = false;
            session.Server.LastTimestamp = p.TimestampValue;
            session.Client.LastAck = p.Acknowledgement;
            session.Client.NextWindow = session.Client.LastAck + p.Window;
            session.Server.NextWindow = session.Server.LastAck + session.Client.Window;
            session.State = TcpState.SynRecv;
            return;
        }
        if ((flags & Syn) != 0)
        {
            if (p.ToServer)
            {
                if (p.Sequence != session.Client.Isn)
                {
                    session.Client.Reset();
                    session.Client.Depth = options.Depth;
                    session.Client.Begin(p.Sequence);
                }
                session.Client.Window = p.Window;
                if (p.WindowScale >= 0) session.Client.Scale = (byte)p.WindowScale;
                // the answer echoes the latest call
                session.TimestampsOn = p.HasTimestamp;
                session.Client.LastTimestamp = p.HasTimestamp ? p.TimestampValue : 0;
            }
            else if (!session.Server.Started)
            {
                // simultaneous open: both sides called first
                session.Server.Begin(p.Sequence);
                session.Server.Window = p.Window;
                if (p.WindowScale >= 0) session.Server.Scale = (byte)p.WindowScale;
            }
            return;
        }
        if ((flags & Ack) != 0 && p.ToServer && options.AsyncOneside && p.Sequence == session.Client.NextSequence)
        {
            session.Async = true;
            session.Client.Unacked = true;
            session.State = TcpState.Established;
            session.Server.Begin(p.Acknowledgement - 1);
            // nobody tells the client how much it may send; its own window as it stands, never widened, has to do
            session.Client.NextWindow = session.Client.LastAck + p.Window;
            session.Server.NextWindow = session.Server.LastAck + ((uint)p.Window << session.Client.Scale);
            Accept(flow, session, p, own, other);
        }
    }

    private void InSynRecv(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & Rst) != 0)
        {
            if (ResetIsValid(p, own, other)) Close(flow, session, true);
            else Refuse(p, DecodeEvent.StreamRstInvalidAck);
            return;
        }
        if ((flags & (Syn | Ack)) == (Syn | Ack))
        {
            if (p.ToServer)
            {
                Refuse(p, DecodeEvent.Stream3whsSynackToserverOnSynRecv);
                return;
            }
            if (p.Acknowledgement != session.Client.LastAck)
            {
                Refuse(p, DecodeEvent.Stream3whsSynackResendWithDiffAck);
                return;
            }
            if (p.Sequence == session.Server.Isn) return;
            p.AddEvent(DecodeEvent.Stream3whsSynackResendWithDiffSeq);
            if (session.Server.SegmentCount > 0) return;
            // a second answer with another number: the last one counts
            session.Server.Begin(p.Sequence);
            session.Server.Window = p.Window;
            if (p.WindowScale >= 0) session.Server.Scale = (byte)p.WindowScale;
            session.Server.NextWindow = session.Server.LastAck + session.Client.Window;
            return;
        }
        if ((flags & Syn) != 0)
        {
            if (!p.ToServer) Refuse(p, DecodeEvent.Stream3whsSynToclientOnSynRecv);
            else if (p.Sequence != session.Client.Isn) Refuse(p, DecodeEvent.Stream3whsSynResendDiffSeqOnSynRecv);
            return;
        }
        if ((flags & Ack) == 0 && (flags & Fin) == 0) return;
        if (p.ToServer)
        {
            if (session.Midstream && p.Sequence != own.NextSequence) own.NextSequence = p.Sequence;
            if (!InWindow(p, own) || !AckIsValid(p, other))
            {
                Refuse(p, p.Sequence == own.NextSequence ? DecodeEvent.Stream3whsRightSeqWrongAckEvasion : DecodeEvent.Stream3whsWrongSeqWrongAck);
                return;
            }
            if (p.Sequence == own.NextSequence && p.Acknowledgement != other.NextSequence && !session.Midstream)
            {
                Refuse(p, DecodeEvent.Stream3whsRightSeqWrongAckEvasion);
                return;
            }
            if (p.Sequence != own.NextSequence && p.Acknowledgement != other.NextSequence && !session.Midstream)
            {
                Refuse(p, DecodeEvent.Stream3whsWrongSeqWrongAck);
                return;
            }
            session.State = TcpState.Established;
            // what comes with the last step of the handshake belongs to the established conversation
            if (p.PayloadLength > 0) p.Marks |= PacketMarks.Established;
            Accept(flow, session, p, own, other);
        }
        else
        {
            // the client's acknowledgement was lost: data or FIN from the server acknowledging more than the SYN stands in for it
            // in-line the handshake has to be complete: what we have not let through was not acknowledged
            bool early = options.DropInvalid && !session.Midstream && !session.FastOpen;
            if (early || !InWindow(p, own) || !AckIsValid(p, other))
            {
                Refuse(p, DecodeEvent.Stream3whsAckInWrongDir);
                return;
            }
            if (p.PayloadLength == 0 && (flags & Fin) == 0 && p.Acknowledgement == other.Isn + 1) return;
            session.State = TcpState.Established;
            // what comes with the last step of the handshake belongs to the established conversation
            if (p.PayloadLength > 0) p.Marks |= PacketMarks.Established;
            Accept(flow, session, p, own, other);
        }
        if ((flags & Fin) != 0) Finished(flow, session, p, own);
    }

    private void Running(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & Rst) != 0)
        {
            if (session.State == TcpState.Closed) return;
            if (!ResetIsValid(p, own, other))
            {
                Refuse(p, DecodeEvent.StreamRstInvalidAck);
                return;
            }
            if (session.TimestampsOn && p.HasTimestamp && own.LastTimestamp != 0 && (int)(p.TimestampValue - own.LastTimestamp) < 0) p.AddEvent(DecodeEvent.StreamPktInvalidTimestamp);
            if (p.PayloadLength > 0) p.AddEvent(DecodeEvent.StreamRstWithData);
            if ((flags & Ack) != 0) Acknowledge(flow, session, p, other);
            if (p.PayloadLength > 0 && InWindow(p, own)) Data(flow, session, p, own);
            Close(flow, session, true);
            return;
        }
        if ((flags & Syn) != 0)
        {
            SynLate(session, p);
            return;
        }
        if (!own.Started) return;
        if ((flags & Ack) != 0 && !AckIsValid(p, other))
        {
            p.AddEvent(session.State switch
            {
                TcpState.CloseWait => DecodeEvent.StreamClosewaitInvalidAck,
                TcpState.FinWait1 => DecodeEvent.StreamFin1InvalidAck,
                TcpState.FinWait2 => DecodeEvent.StreamFin2InvalidAck,
                TcpState.Closing => DecodeEvent.StreamClosingInvalidAck,
                TcpState.LastAck => DecodeEvent.StreamLastackInvalidAck,
                TcpState.TimeWait => DecodeEvent.StreamTimewaitInvalidAck,
                _ => DecodeEvent.StreamEstInvalidAck,
            });
            Refuse(p, DecodeEvent.StreamPktInvalidAck);
            return;
        }
        if (session.State == TcpState.Established && (flags & Fin) != 0 && (int)(p.Sequence - own.NextWindow) > 0)
        {
            Refuse(p, DecodeEvent.StreamFinOutOfWindow);
            return;
        }
        if (!InWindow(p, own))
        {
            Refuse(p, session.State == TcpState.CloseWait ? DecodeEvent.StreamClosewaitAckOutOfWindow : DecodeEvent.StreamEstPacketOutOfWindow);
            return;
        }
        if (session.TimestampsOn && p.HasTimestamp && own.LastTimestamp != 0 && !session.Midstream
            && (int)(p.TimestampValue - own.LastTimestamp) < 0 && p.PayloadLength > 0 && (int)(p.Sequence - own.NextSequence) >= 0
            && own.LastTimestamp - p.TimestampValue < 1u << 30 && p.TimestampValue != 0)
        {
            Refuse(p, DecodeEvent.StreamPktInvalidTimestamp);
            return;
        }
        Accept(flow, session, p, own, other);
        if ((flags & Fin) != 0) Finished(flow, session, p, own);
        else AfterFin(flow, session);
    }

    private void Accept(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (p.HasTimestamp && (int)(p.TimestampValue - own.LastTimestamp) > 0) own.LastTimestamp = p.TimestampValue;
        if ((p.TcpFlags & Ack) != 0) Acknowledge(flow, session, p, other);
        Data(flow, session, p, own);
    }

    private void Acknowledge(Flow.Flow flow, TcpSession session, Packet p, TcpStream acked)
    {
        if (!acked.Started) return;
        uint window = (uint)p.Window << (p.ToServer ? session.Client.Scale : session.Server.Scale);
        bool moved = (int)(p.Acknowledgement - acked.LastAck) > 0;
        if (moved)
        {
            acked.LastAck = p.Acknowledgement;
            if ((int)(acked.LastAck - acked.NextSequence) > 0) acked.NextSequence = acked.LastAck;
        }
        uint limit = acked.LastAck + Math.Max(window, 0);
        if ((int)(limit - acked.NextWindow) > 0) acked.NextWindow = limit;
        if (moved || acked.SegmentCount > 0) reassembly.Deliver(flow, session, acked, !p.ToServer, false);
    }

    private void Data(Flow.Flow flow, TcpSession session, Packet p, TcpStream own)
    {
        uint end = p.Sequence + (uint)p.PayloadLength;
        if ((int)(end - own.NextSequence) > 0) own.NextSequence = end;
        if (p.PayloadLength == 0) return;
        OverlapPolicy policy = options.Policies.For(p.Destination);
        if ((p.TcpFlags & Urg) != 0 && options.Urgent != UrgentPolicy.Inline) StoreUrgent(own, p, policy);
        else reassembly.Store(own, p, p.Sequence, p.Payload, policy);
        if (options.Inline || own.Unacked) reassembly.Deliver(flow, session, own, p.ToServer, false);
    }
}
