using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    /// <summary>A timestamp this much later than the last one cannot be compared with it (RFC 7323 section 5.5).</summary>
    private const long PawsSeconds = 24 * 24 * 3600;

    private static long Second(Packet p) => p.Time / 1_000_000;

    /// <summary>Keep-alives and what only says again what is known leave the state alone.</summary>
    private static bool SaysNothingNew(TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if ((p.TcpFlags & (Syn | Fin | Rst)) != 0) return false;
        bool alive = other.KeepAlive;
        if (p.PayloadLength <= 1 && p.Acknowledgement == other.LastAck && p.Sequence == own.NextSequence - 1)
        {
            own.KeepAlive = true;
            return true;
        }
        if (p.PayloadLength > 0)
        {
            own.KeepAlive = other.KeepAlive = false;
            return session.State <= TcpState.Established && RepeatsWhatIsKnown(session, p, own);
        }
        uint window = (uint)p.Window << other.Scale;
        if (alive && p.Window != 0 && window == other.Window && p.Acknowledgement == other.LastAck && p.Sequence == own.NextSequence)
        {
            other.KeepAlive = false;
            return true;
        }
        own.KeepAlive = other.KeepAlive = false;
        if (p.Window == 0 || window >= other.Window || Distance(p.Acknowledgement, other.NextSequence) <= 0 || Distance(p.Sequence, own.NextSequence) <= 0) return false;
        p.AddEvent(DecodeEvent.StreamPktBadWindowUpdate);
        return true;
    }

    /// <summary>All that it carries has been acknowledged: nobody reads it again.</summary>
    private static bool RepeatsWhatIsKnown(TcpSession session, Packet p, TcpStream own)
    {
        uint end = p.Sequence + (uint)p.PayloadLength;
        if (Distance(end, own.LastAck) > 0 && !session.Async || Distance(end, own.NextSequence) > 0) return false;
        p.AddEvent(DecodeEvent.StreamPktSpuriousRetransmission);
        return true;
    }

    /// <summary>An acknowledgement may name what was lost before us, but nothing beyond the window that was open, nor what lies further back than a window.</summary>
    private static bool AckIsValid(TcpSession session, Packet p, TcpStream acked)
    {
        if ((p.TcpFlags & Ack) == 0) return true;
        uint ack = p.Acknowledgement;
        // a call is refused by a RST that acknowledges it (RFC 9293 section 3.5.2)
        if (session.State == TcpState.SynSent)
            return (p.ToServer ? Distance(ack, 0) <= 0 && Distance(ack, 0 - acked.Window) >= 0 : ack == acked.Isn + 1) || Refuse(p, DecodeEvent.StreamPktInvalidAck);
        int ahead = Distance(ack, acked.LastAck);
        if (ahead == 0 || ahead > 0 && Distance(ack, acked.NextWindow) <= 0) return true;
        if (ahead < 0)
        {
            if (acked.Window == 0 || Distance(ack, acked.LastAck - acked.Window) >= 0) return true;
        }
        else if (session.Async) return true;
        return Refuse(p, DecodeEvent.StreamPktInvalidAck);
    }

    /// <summary>An answer echoes the timestamp of the call, so one the call did not carry is not an answer to it (RFC 7323, section 3.2).</summary>
    private static bool EchoIsForeign(bool sentOne, uint sent, Packet p)
    {
        if (!p.HasTimestamp || p.TimestampEcho == 0) return false;
        return sentOne ? sent != 0 && p.TimestampEcho != sent : sent == 0;
    }

    private bool ResetIsValid(TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (session.TimestampsOn && !TimestampIsValid(session, p, own)) return false;
        if (p.PayloadLength > 0) p.AddEvent(DecodeEvent.StreamRstWithData);
        if ((p.TcpFlags & Ack) != 0 && p.Acknowledgement != 0 && !AckIsValid(session, p, other)) return Refuse(p, DecodeEvent.StreamRstInvalidAck);
        if (p.Signed)
        {
            // only the hosts can tell whether the signature holds (RFC 2385, RFC 5925): if its sender goes on, it did not
            other.ResetReceived = true;
            return true;
        }
        if (session.Async) return !p.ToServer || Distance(p.Sequence, own.NextSequence) >= 0;
        return options.Policies.For(p.Destination) switch
        {
            OverlapPolicy.Linux or OverlapPolicy.OldLinux or OverlapPolicy.Solaris =>
                Distance(p.Sequence + (uint)p.PayloadLength, own.LastAck) >= 0 && Distance(p.Sequence, own.NextSequence + own.Window) < 0,
            _ => p.Sequence == own.NextSequence,
        };
    }

    /// <summary>Data that has been sent before: acknowledged already, in part, or under way.</summary>
    private static bool SaidAgain(Packet p, TcpStream own)
    {
        uint end = p.Sequence + (uint)p.PayloadLength;
        return p.PayloadLength > 0 && (Distance(end, own.LastAck) <= 0 || Distance(p.Sequence, own.LastAck) < 0 || Distance(end, own.NextSequence) <= 0);
    }

    /// <summary>Protection against wrapped sequence numbers (RFC 7323 section 5), with what the receiver's system makes of odd cases.</summary>
    private bool TimestampIsValid(TcpSession session, Packet p, TcpStream own)
    {
        if (!p.HasTimestamp) return true;
        OverlapPolicy system = options.Policies.For(p.Destination);
        uint last = own.LastTimestamp;
        bool check = true;
        if (own.ZeroTimestamp)
        {
            if (system is OverlapPolicy.Linux or OverlapPolicy.Windows2003)
            {
                session.TimestampsOn = false;
                check = false;
            }
            else if (system is OverlapPolicy.OldLinux or OverlapPolicy.Windows or OverlapPolicy.Vista)
            {
                own.ZeroTimestamp = false;
                check = own.NextSequence != p.Sequence;
            }
        }
        if (p.TimestampValue == 0 && system is not (OverlapPolicy.OldLinux or OverlapPolicy.Windows or OverlapPolicy.Vista or OverlapPolicy.Windows2003 or OverlapPolicy.Solaris)) return Refuse(p, DecodeEvent.StreamPktInvalidTimestamp);
        if (!check) return true;
        bool old = Second(p) > own.LastSecond + PawsSeconds;
        bool valid = Distance(p.TimestampValue + Slack(system), last) >= 0 && !(last != 0 && old && own.LastSecond != 0);
        return valid || own.NextSequence == p.Sequence && old || Refuse(p, DecodeEvent.StreamPktInvalidTimestamp);
    }

    private uint Slack(OverlapPolicy system) => options.LiberalTimestamps || system == OverlapPolicy.Linux ? 1u : 0u;

    private void NoteTimestamp(TcpSession session, Packet p, TcpStream own)
    {
        OverlapPolicy system = options.Policies.For(p.Destination);
        if (!p.HasTimestamp)
        {
            if (system == OverlapPolicy.Solaris) session.TimestampsOn = false;
            return;
        }
        if (Distance(p.TimestampValue + Slack(system), own.LastTimestamp) < 0) return;
        if (own.NextSequence == p.Sequence) own.LastTimestamp = p.TimestampValue;
        own.LastSecond = Second(p);
    }
}
