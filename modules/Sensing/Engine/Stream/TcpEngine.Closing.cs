using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    private bool InWindow(Packet p, TcpStream own)
    {
        if (own.Unacked || options.AsyncOneside) return true;
        uint end = p.Sequence + (uint)p.PayloadLength;
        if ((int)(end - own.NextWindow) > 0)
        {
            // a window of nothing still lets a probe of one byte through
            return (int)(end - own.NextWindow) <= 1 && (int)(p.Sequence - own.LastAck) <= 0;
        }
        return p.PayloadLength == 0 || (int)(end - own.LastAck) > -(1 << 30);
    }

    /// <summary>An acknowledgement may name what was lost before us, but nothing beyond the window that was open.</summary>
    private bool AckIsValid(Packet p, TcpStream acked)
    {
        if (!acked.Started || options.AsyncOneside) return true;
        uint ack = p.Acknowledgement;
        if ((p.TcpFlags & Ack) == 0) return true;
        if ((int)(ack - acked.LastAck) < 0) return (int)(acked.LastAck - ack) <= 1 << 30;
        if ((int)(ack - acked.NextSequence) <= 0) return true;
        return (int)(ack - acked.NextWindow) <= 1;
    }

    /// <summary>An answer echoes the timestamp of the call, so one the call did not carry is not an answer to it (RFC 7323, section 3.2).</summary>
    private static bool EchoIsForeign(TcpSession session, Packet p)
    {
        if (!p.HasTimestamp || p.TimestampEcho == 0) return false;
        uint sent = session.Client.LastTimestamp;
        return sent == 0 ? !session.TimestampsOn : p.TimestampEcho != sent;
    }

    private static bool ResetIsValid(Packet p, TcpStream own, TcpStream other)
    {
        if (!own.Started)
            return (p.TcpFlags & Ack) == 0 || p.Acknowledgement == other.NextSequence;
        if ((int)(p.Sequence - own.LastAck) < 0 && p.Sequence != own.NextSequence && own.LastAck - p.Sequence > 1) return false;
        return (int)(p.Sequence - (own.NextWindow + 1)) <= 0 || (int)(p.Sequence - own.NextSequence) <= 0;
    }

    private void Finished(Flow.Flow flow, TcpSession session, Packet p, TcpStream own)
    {
        uint sequence = p.Sequence + (uint)p.PayloadLength;
        if (!own.FinSeen)
        {
            own.FinSeen = true;
            own.FinSequence = sequence;
            if ((int)(sequence + 1 - own.NextSequence) > 0) own.NextSequence = sequence + 1;
            if ((int)(own.NextSequence - own.NextWindow) > 0) own.NextWindow = own.NextSequence;
            own.RawTrigger = true;
        }
        session.State = session.State switch
        {
            TcpState.Established or TcpState.SynRecv => p.ToServer ? TcpState.CloseWait : TcpState.FinWait1,
            TcpState.CloseWait => p.ToServer ? TcpState.CloseWait : TcpState.LastAck,
            TcpState.FinWait1 => p.ToServer && session.Server.FinSeen ? session.Server.LastAck == session.Server.FinSequence + 1 ? TcpState.TimeWait : TcpState.Closing : TcpState.FinWait1,
            TcpState.FinWait2 => p.ToServer ? TcpState.TimeWait : TcpState.FinWait2,
            _ => session.State,
        };
        AfterFin(flow, session);
    }

    private void AfterFin(Flow.Flow flow, TcpSession session)
    {
        bool clientDone = session.Client.FinSeen && (int)(session.Client.LastAck - session.Client.FinSequence) > 0;
        bool serverDone = session.Server.FinSeen && (int)(session.Server.LastAck - session.Server.FinSequence) > 0;
        switch (session.State)
        {
            case TcpState.FinWait1 when serverDone && !session.Client.FinSeen: session.State = TcpState.FinWait2; break;
            case TcpState.Closing when clientDone && serverDone: session.State = TcpState.TimeWait; break;
            case TcpState.LastAck when serverDone: Close(flow, session, false); break;
            case TcpState.TimeWait when clientDone && serverDone: Close(flow, session, false); break;
        }
        if (clientDone) reassembly.SendEof(flow, session, session.Client, true);
        if (serverDone) reassembly.SendEof(flow, session, session.Server, false);
    }

    private void Close(Flow.Flow flow, TcpSession session, bool reset)
    {
        if (session.State == TcpState.Closed) return;
        session.State = TcpState.Closed;
        session.Reset_ = reset;
        Finish(flow);
    }

    /// <summary>Hands over all that was received, acknowledged or not: the conversation will not go on.</summary>
    public void Finish(Flow.Flow flow)
    {
        TcpSession? session = flow.Tcp;
        if (session == null || session.EofDelivered) return;
        session.EofDelivered = true;
        session.Client.RawTrigger = session.Server.RawTrigger = true;
        reassembly.Deliver(flow, session, session.Client, true, true);
        reassembly.Deliver(flow, session, session.Server, false, true);
        reassembly.SendEof(flow, session, session.Client, true);
        reassembly.SendEof(flow, session, session.Server, false);
    }

    /// <summary>A segment with urgent data: the byte before the urgent pointer is not read with the others.</summary>
    private void StoreUrgent(TcpStream own, Packet p, OverlapPolicy policy)
    {
        int pointer = p.Data[p.TransportOffset + 18] << 8 | p.Data[p.TransportOffset + 19];
        ReadOnlySpan<byte> payload = p.Payload;
        if (pointer == 0 || pointer > payload.Length || p.Sequence + (uint)payload.Length != own.NextSequence)
        {
            reassembly.Store(own, p, p.Sequence, payload, policy);
            return;
        }
        if (options.Urgent == UrgentPolicy.Drop)
        {
            if (options.Ips) p.Drop(DropReason.StreamError);
            return;
        }
        if (pointer > 1) reassembly.Store(own, p, p.Sequence, payload[..(pointer - 1)], policy);
        bool takeOut = options.Urgent == UrgentPolicy.OutOfBand;
        if (pointer < payload.Length) reassembly.Store(own, p, p.Sequence + (uint)pointer - (takeOut ? 1u : 0u), payload[pointer..], policy);
        if (!takeOut) return;
        own.TakenOut++;
        own.NextSequence--;
    }
}
