using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    private bool InEstablished(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & Rst) != 0) return Resetting(flow, session, p, own, other);
        if ((flags & Fin) != 0) return (!session.TimestampsOn || TimestampIsValid(session, p, own)) && Finishing(flow, session, p, own, other);
        if ((flags & Syn) != 0) return (flags & Ack) != 0 ? AnsweredLate(session, p) : CalledLate(session, p);
        if ((flags & Ack) == 0) return true;
        if (session.TimestampsOn && !TimestampIsValid(session, p, own)) return false;
        return Going(flow, session, p, own, other);
    }

    private static bool AnsweredLate(TcpSession session, Packet p)
    {
        if (p.ToServer) return Refuse(p, DecodeEvent.StreamEstSynackToserver);
        if (p.Acknowledgement != session.Client.LastAck) return Refuse(p, DecodeEvent.StreamEstSynackResendWithDiffAck);
        if (p.Sequence != session.Server.Isn) return Refuse(p, DecodeEvent.StreamEstSynackResendWithDiffSeq);
        return !session.Confirmed || Refuse(p, DecodeEvent.StreamEstSynackResend);
    }

    private static bool CalledLate(TcpSession session, Packet p)
    {
        if (!p.ToServer) return Refuse(p, DecodeEvent.StreamEstSynToclient);
        if (p.Sequence != session.Client.Isn) return Refuse(p, DecodeEvent.StreamEstSynResendDiffSeq);
        return Refuse(p, DecodeEvent.StreamEstSynResend);
    }

    /// <summary>Data and acknowledgements of a conversation that is under way.</summary>
    private bool Going(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (!AckIsValid(session, p, other)) return Refuse(p, DecodeEvent.StreamEstInvalidAck);
        if (session.Unheard == own)
        {
            session.Unheard = null;
            own.Window = (uint)p.Window << own.Scale;
            own.NextWindow = own.LastAck + own.Window;
        }
        uint end = p.Sequence + (uint)p.PayloadLength;
        bool probe = p.PayloadLength <= 1 && p.Sequence == own.NextSequence - 1;
        if (!probe && Distance(end, own.LastAck) < 0)
        {
            // what was acknowledged before we saw it is welcome late
            bool late = Distance(own.LastAck, own.NextSequence) > 0 && Distance(end, own.NextSequence) > 0;
            if (session.Async) own.LastAck = p.Sequence;
            else if (!late && !(own.NextWindow == own.LastAck && session.Midstream)) return Refuse(p, DecodeEvent.StreamEstPktBeforeLastAck);
        }
        // what was sent outside the window moves the number on all the same: the next packet is measured by it
        bool zeroWindowProbe = p.PayloadLength == 1 && p.Sequence == own.NextSequence && own.Window == 0;
        if (!zeroWindowProbe) Advance(own, end);
        if (!zeroWindowProbe && Distance(end, own.NextWindow) > 0 && !Unbounded(session, own)) return Refuse(p, DecodeEvent.StreamEstPacketOutOfWindow);
        session.Confirmed = true;
        if (zeroWindowProbe)
        {
            Acknowledge(flow, session, p, other, Offered(p, other));
            return true;
        }
        Accept(flow, session, p, own, other);
        return true;
    }

    private static bool Unbounded(TcpSession session, TcpStream own) => session.Midstream || session.Async || own.Unacked;

    private static void Advance(TcpStream own, uint end)
    {
        if (Distance(end, own.NextSequence) > 0) own.NextSequence = end;
    }

    /// <summary>The first FIN of a conversation.</summary>
    private bool Finishing(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (!AckIsValid(session, p, other)) return Refuse(p, DecodeEvent.StreamFinInvalidAck);
        uint end = p.Sequence + (uint)p.PayloadLength;
        if (Distance(end, own.LastAck) < 0 || Distance(end, own.LastAck + own.Window) > 0) return Refuse(p, DecodeEvent.StreamFinOutOfWindow);
        if ((p.TcpFlags & Syn) != 0) return Refuse(p, DecodeEvent.StreamFinSyn);
        session.Enter(p.ToServer ? TcpState.CloseWait : TcpState.FinWait1);
        AcceptFin(flow, session, p, own, other);
        // the number that the FIN takes counts on the side that closes first
        own.NextSequence = p.ToServer ? end : end + 1;
        if (Distance(other.NextSequence, p.Acknowledgement) < 0) other.NextSequence = p.Acknowledgement;
        return true;
    }

    private bool Resetting(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (!ResetIsValid(session, p, own, other)) return false;
        if ((p.TcpFlags & Ack) != 0 && AckIsValid(session, p, other) && other.Started && Distance(p.Acknowledgement, other.LastAck) > 0) other.LastAck = p.Acknowledgement;
        if (Distance(p.Sequence, own.LastAck) > 0) own.LastAck = p.Sequence;
        if (session.TimestampsOn) NoteTimestamp(session, p, own);
        if (p.PayloadLength > 0) Data(flow, session, p, own);
        if (session.State == TcpState.Established)
        {
            other.NextSequence = p.Acknowledgement;
            own.NextSequence = p.Sequence + (uint)p.PayloadLength + (p.ToServer ? 0u : 1u);
            own.Window = Offered(p, own);
        }
        Close(flow, session, p);
        return true;
    }

    /// <summary>A reset ends a conversation; where it was not meant for real (see <see cref="ResetIsValid"/>), whoever is said to have sent it goes on.</summary>
    private bool InClosed(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if ((p.TcpFlags & Rst) != 0 || own.ResetReceived || !other.ResetReceived) return true;
        p.AddEvent(DecodeEvent.StreamSuspectedRstInject);
        TcpState previous = session.Previous;
        session.State = previous;
        session.EofDelivered = false;
        if (Step(previous, flow, session, p, own, other)) return true;
        session.State = TcpState.Closed;
        return false;
    }
}
