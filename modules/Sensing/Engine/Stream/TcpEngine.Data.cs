using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    /// <summary>The packet belongs: what it acknowledges may be read, what it brings is stored.</summary>
    private void Accept(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (session.TimestampsOn) NoteTimestamp(session, p, own);
        if ((p.TcpFlags & Ack) != 0)
        {
            Acknowledge(flow, session, p, other, Offered(p, other));
            if (session.Before is not (TcpState.CloseWait or TcpState.LastAck or TcpState.TimeWait or TcpState.Closing)) Open(other);
        }
        Data(flow, session, p, own);
    }

    private static uint Offered(Packet p, TcpStream acked) => (uint)p.Window << acked.Scale;

    /// <summary>What may be sent now: an offer once made is not taken back.</summary>
    private static void Open(TcpStream acked)
    {
        uint limit = acked.LastAck + acked.Window;
        if (Distance(limit, acked.NextWindow) > 0) acked.NextWindow = limit;
    }

    /// <summary>Takes the acknowledgement and the window; how far the other side may go is for the caller to say.</summary>
    private void Acknowledge(Flow.Flow flow, TcpSession session, Packet p, TcpStream acked, uint window)
    {
        if (!acked.Started) return;
        acked.Window = window;
        bool moved = Distance(p.Acknowledgement, acked.LastAck) > 0;
        if (moved) acked.LastAck = p.Acknowledgement;
        if (moved || acked.SegmentCount > 0) reassembly.Deliver(flow, session, acked, !p.ToServer, false);
    }

    private void Data(Flow.Flow flow, TcpSession session, Packet p, TcpStream own)
    {
        if (p.PayloadLength == 0) return;
        OverlapPolicy policy = options.Policies.For(p.Destination);
        if ((p.TcpFlags & Urg) != 0 && options.Urgent != UrgentPolicy.Inline) StoreUrgent(own, p, policy);
        else reassembly.Store(own, p, p.Sequence, p.Payload, policy);
        if (options.Inline || own.Unacked) reassembly.Deliver(flow, session, own, p.ToServer, false);
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
