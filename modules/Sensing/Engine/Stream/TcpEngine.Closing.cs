using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    /// <summary>At least one side has said that it is done.</summary>
    private bool InShutdown(TcpState state, Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & Rst) != 0) return Resetting(flow, session, p, own, other);
        bool fin = (flags & Fin) != 0;
        if (!fin && (flags & Syn) != 0) return Refuse(p, DecodeEvent.StreamShutdownSynResend);
        if (!fin && (flags & Ack) == 0 || fin && state is TcpState.TimeWait or TcpState.LastAck or TcpState.Closing) return true;
        if (session.TimestampsOn && !TimestampIsValid(session, p, own)) return false;
        bool again = SaidAgain(p, own) || fin && (state == TcpState.FinWait2 || state == TcpState.FinWait1 && !p.ToServer) && p.Sequence == own.NextSequence - 1 && p.Acknowledgement == other.LastAck;
        if (again && p.PayloadLength > 0) p.AddEvent(DecodeEvent.StreamPktRetransmission);
        if (Misplaced(state, session, p, own, fin, again) is { } fault) return Refuse(p, fault);
        if (!AckIsValid(session, p, other)) return Refuse(p, BadAck(state));
        if (!again) session.Enter(Next(state, p, own, other, fin));
        uint end = p.Sequence + (uint)p.PayloadLength;
        // the server's side has its FIN counted already
        if (p.Sequence == own.NextSequence || !fin && !p.ToServer && p.Sequence == own.NextSequence - 1 && p.PayloadLength > 0) own.NextSequence = end;
        if (fin) AcceptFin(flow, session, p, own, other);
        else Accept(flow, session, p, own, other);
        if ((fin || state != TcpState.FinWait2) && Distance(other.NextSequence, p.Acknowledgement) < 0) other.NextSequence = p.Acknowledgement;
        if (session.State == TcpState.Closed) Finish(flow);
        if (session.State >= TcpState.Closing) TellEnds(flow, session);
        return true;
    }

    /// <summary>What is wrong with the packet's place among the numbers, by state.</summary>
    private static DecodeEvent? Misplaced(TcpState state, TcpSession session, Packet p, TcpStream own, bool fin, bool again)
    {
        uint end = p.Sequence + (uint)p.PayloadLength;
        bool beforeNext = Distance(p.Sequence, own.NextSequence) < 0, beyondWindow = Distance(p.Sequence, own.LastAck + own.Window) > 0;
        // the server's side has its FIN counted already
        bool exact = p.Sequence == own.NextSequence || p.Sequence == (p.ToServer ? own.NextSequence + 1 : own.NextSequence - 1);
        switch (state)
        {
            case TcpState.CloseWait when fin:
                return !again && (beforeNext || beyondWindow) ? DecodeEvent.StreamClosewaitFinOutOfWindow : null;
            case TcpState.CloseWait:
                if (p.PayloadLength > 0 && Distance(end, own.LastAck) <= 0) return DecodeEvent.StreamClosewaitPktBeforeLastAck;
                return beyondWindow ? DecodeEvent.StreamClosewaitAckOutOfWindow : null;
        }
        if (again) return null;
        bool inWindow = Distance(end, own.NextWindow) <= 0 || session.Midstream || session.Async;
        return state switch
        {
            TcpState.FinWait1 when fin => Distance(p.Sequence, own.NextSequence - 1) < 0 || beyondWindow ? DecodeEvent.StreamFin1FinWrongSeq : null,
            TcpState.FinWait1 => inWindow ? null : DecodeEvent.StreamFin1AckWrongSeq,
            TcpState.FinWait2 when fin => beforeNext || beyondWindow ? DecodeEvent.StreamFin2FinWrongSeq : null,
            TcpState.FinWait2 => inWindow ? null : DecodeEvent.StreamFin2AckWrongSeq,
            TcpState.Closing => p.Sequence == own.NextSequence ? null : DecodeEvent.StreamClosingAckWrongSeq,
            TcpState.LastAck => !p.ToServer || beforeNext || exact ? null : DecodeEvent.StreamLastackAckWrongSeq,
            TcpState.TimeWait => exact ? null : DecodeEvent.StreamTimewaitAckWrongSeq,
            _ => null,
        };
    }

    private static DecodeEvent BadAck(TcpState state) => state switch
    {
        TcpState.CloseWait => DecodeEvent.StreamClosewaitInvalidAck,
        TcpState.FinWait1 => DecodeEvent.StreamFin1InvalidAck,
        TcpState.FinWait2 => DecodeEvent.StreamFin2InvalidAck,
        TcpState.Closing => DecodeEvent.StreamClosingInvalidAck,
        TcpState.LastAck => DecodeEvent.StreamLastackInvalidAck,
        _ => DecodeEvent.StreamTimewaitInvalidAck,
    };

    private static TcpState Next(TcpState state, Packet p, TcpStream own, TcpStream other, bool fin) => state switch
    {
        TcpState.FinWait1 when fin => (p.TcpFlags & Ack) != 0 ? TcpState.TimeWait : TcpState.Closing,
        TcpState.FinWait1 when p.Acknowledgement == other.NextSequence && p.Sequence == (p.ToServer ? own.NextSequence : own.NextSequence - 1) => TcpState.FinWait2,
        TcpState.FinWait2 when fin => TcpState.TimeWait,
        TcpState.Closing => TcpState.TimeWait,
        TcpState.CloseWait when fin && !p.ToServer => TcpState.LastAck,
        TcpState.LastAck when !fin && p.ToServer && Distance(p.Sequence, own.NextSequence) >= 0 => TcpState.Closed,
        TcpState.TimeWait when !fin => TcpState.Closed,
        _ => state,
    };

    private void AcceptFin(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (session.TimestampsOn) NoteTimestamp(session, p, own);
        if ((p.TcpFlags & Ack) != 0) Acknowledge(flow, session, p, other, Offered(p, other));
        Data(flow, session, p, own);
        if (!own.FinSeen)
        {
            own.FinSeen = true;
            own.FinSequence = p.Sequence + (uint)p.PayloadLength;
            own.RawTrigger = true;
        }
    }

    /// <summary>Tells the readers of each side whose FIN the other has acknowledged.</summary>
    private void TellEnds(Flow.Flow flow, TcpSession session)
    {
        if (IsAcknowledged(session.Client)) reassembly.SendEof(flow, session, session.Client, true);
        if (IsAcknowledged(session.Server)) reassembly.SendEof(flow, session, session.Server, false);

        static bool IsAcknowledged(TcpStream stream) => stream.FinSeen && Distance(stream.LastAck, stream.FinSequence) > 0;
    }

    /// <summary>A reset: whoever sent it says no more, so all of that side is read; what the other side said and nobody acknowledged waits for the end of the flow.</summary>
    private void Close(Flow.Flow flow, TcpSession session, Packet p)
    {
        if (session.State == TcpState.Closed) return;
        session.Enter(TcpState.Closed);
        session.Reset_ = true;
        session.Client.RawTrigger = session.Server.RawTrigger = true;
        TcpStream own = p.ToServer ? session.Client : session.Server;
        reassembly.Deliver(flow, session, own, p.ToServer, true);
        reassembly.SendEof(flow, session, own, p.ToServer);
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
}
