using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Stream;

internal sealed partial class TcpEngine
{
    private bool InSynSent(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & (Syn | Ack)) == (Syn | Ack)) return p.ToServer ? AnswerFromClient(session, p) : Answered(session, p);
        if ((flags & Syn) == 0 && !p.ToServer && EchoIsForeign(session.ClientStamps, session.Client.LastTimestamp, p)) return Refuse(p, DecodeEvent.StreamPktInvalidTimestamp);
        if ((flags & Rst) != 0) return ResetOfCall(flow, session, p, own, other);
        if ((flags & Fin) != 0) return true;
        if ((flags & Syn) != 0) return p.ToServer ? CalledAgain(session, p) : CalledBack(session, p);
        if ((flags & Ack) != 0 && p.ToServer && options.AsyncOneside) return OneSideOnly(flow, session, p, own, other);
        return true;
    }

    /// <summary>Calls of different content are kept side by side until one is answered: any of them may have got through. The last counts until then.</summary>
    private bool CalledAgain(TcpSession session, Packet p)
    {
        TcpCall call = TcpCall.Of(p);
        if (!call.HasTimestamp && session.Call.HasTimestamp) call = call with { HasTimestamp = true, Timestamp = session.Call.Timestamp };
        if (call.IsAnsweredAs(session.Call)) return true;
        foreach (TcpCall known in session.Calls)
            if (call.IsAnsweredAs(known)) return true;
        if (session.Calls.Count >= options.MaxCalls)
        {
            p.AddEvent(DecodeEvent.Stream3whsSynFlood);
            if (session.Calls.Count > 0) session.Calls.RemoveAt(0);
        }
        if (options.MaxCalls > 0) session.Calls.Add(session.Call);
        Switch(session, call);
        return true;
    }

    /// <summary>Both sides called at once (RFC 9293 section 3.5, figure 7).</summary>
    private static bool CalledBack(TcpSession session, Packet p)
    {
        session.Simultaneous = true;
        session.Server.Begin(p.Sequence);
        session.Client.Window = p.Window;
        session.Client.Scale = p.WindowScale >= 0 ? (byte)p.WindowScale : (byte)0;
        session.Server.LastTimestamp = p.HasTimestamp ? p.TimestampValue : 0;
        session.Server.LastSecond = Second(p);
        if (!p.HasTimestamp) session.ClientStamps = false;
        session.TimestampsOn = session.ClientStamps;
        return true;
    }

    private static bool AnswerFromClient(TcpSession session, Packet p)
    {
        if (!session.Simultaneous) return Refuse(p, DecodeEvent.Stream3whsSynackInWrongDirection);
        if (p.Acknowledgement != session.Server.Isn + 1) return Refuse(p, DecodeEvent.Stream4whsSynackWithWrongAck);
        if (p.Sequence != session.Client.Isn) return Refuse(p, DecodeEvent.Stream4whsSynackWithWrongSyn);
        session.Server.Window = p.Window;
        session.Server.NextWindow = session.Server.LastAck + session.Server.Window;
        session.Client.NextWindow = session.Client.LastAck + session.Client.Window;
        session.Enter(TcpState.SynRecv);
        return true;
    }

    private bool Answered(TcpSession session, Packet p)
    {
        // with fast open the answer may also take what came with the call (RFC 7413, 4.2)
        bool tookData = session.FastOpen && p.Acknowledgement == session.Client.NextSequence && session.Client.NextSequence != session.Client.Isn + 1;
        bool fits = (p.Acknowledgement == session.Client.Isn + 1 || tookData) && !EchoIsForeign(session.ClientStamps, session.Client.LastTimestamp, p);
        if (!fits && !ChooseCall(session, p))
            return Refuse(p, p.Acknowledgement == session.Client.Isn + 1 || tookData ? DecodeEvent.StreamPktInvalidTimestamp : DecodeEvent.Stream3whsSynackWithWrongAck);
        if (session.FastOpen && !tookData && session.Client.NextSequence != session.Client.Isn + 1)
        {
            p.AddEvent(DecodeEvent.Stream3whsSynackTfoDataIgnored);
            reassembly.Forget(session.Client);
            session.Client.NextSequence = session.Client.Isn + 1;
        }
        Take(session, p);
        session.Client.LastAck = p.Acknowledgement;
        session.Enter(TcpState.SynRecv);
        session.Client.NextWindow = session.Client.LastAck + session.Client.Window;
        session.Server.NextWindow = session.Server.LastAck + session.Server.Window;
        return true;
    }

    /// <summary>Is it another of the calls that has been answered? Then that one counts.</summary>
    private bool ChooseCall(TcpSession session, Packet p)
    {
        foreach (TcpCall call in session.Calls)
        {
            if (p.Acknowledgement != call.Sequence + 1 || p.HasTimestamp != call.HasTimestamp || p.HasTimestamp && p.TimestampEcho != call.Timestamp) continue;
            Switch(session, call);
            return true;
        }
        return false;
    }

    private void Switch(TcpSession session, in TcpCall call)
    {
        if (call.Sequence != session.Client.Isn)
        {
            session.Client.Reset();
            session.Client.Depth = options.Depth;
            session.Client.Begin(call.Sequence);
        }
        Take(session, call);
    }

    /// <summary>What an answer offers.</summary>
    private static void Take(TcpSession session, Packet p)
    {
        session.Server.Begin(p.Sequence);
        session.Client.Window = p.Window;
        if (p.WindowScale >= 0 && session.ClientScales) session.Client.Scale = (byte)p.WindowScale;
        else session.Client.Scale = session.Server.Scale = 0;
        session.TimestampsOn = session.ClientStamps && p.HasTimestamp;
        session.Server.LastTimestamp = session.TimestampsOn ? p.TimestampValue : 0;
        session.Server.ZeroTimestamp = session.TimestampsOn && p.TimestampValue == 0;
        session.Server.LastSecond = Second(p);
        if (session.TimestampsOn) return;
        session.Client.LastTimestamp = 0;
        session.Client.ZeroTimestamp = false;
    }

    private bool ResetOfCall(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (!ResetIsValid(session, p, own, other)) return false;
        if (p.ToServer && (p.Sequence != session.Client.Isn || p.Window != 0 || p.Acknowledgement != session.Client.Isn + 1)) return true;
        other.ResetReceived = true;
        Close(flow, session, p);
        return true;
    }

    /// <summary>An acknowledgement where an answer was due: we see one direction only.</summary>
    private bool OneSideOnly(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (p.Sequence != session.Client.NextSequence) return Refuse(p, DecodeEvent.Stream3whsAsyncWrongSeq);
        session.Async = true;
        session.Client.Unacked = true;
        session.Enter(TcpState.Established);
        session.Server.Begin(p.Acknowledgement - 1);
        // nobody tells the client how much it may send; its own window as it stands, never widened, has to do
        session.Client.Window = p.Window;
        session.Client.NextWindow = session.Client.LastAck + p.Window;
        session.Server.NextWindow = session.Server.LastAck + ((uint)p.Window << session.Server.Scale);
        Advance(own, p.Sequence + (uint)p.PayloadLength);
        if (p.PayloadLength > 0 && !options.Inline) p.Marks |= PacketMarks.Established;
        Accept(flow, session, p, own, other);
        return true;
    }

    private bool InSynRecv(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        byte flags = p.TcpFlags;
        if ((flags & Rst) != 0) return ResetInHandshake(flow, session, p, own, other);
        if ((flags & Fin) != 0) return (!session.TimestampsOn || TimestampIsValid(session, p, own)) && Finishing(flow, session, p, own, other);
        if ((flags & (Syn | Ack)) == (Syn | Ack)) return AnsweredAgain(session, p);
        if ((flags & Syn) != 0)
        {
            if (!p.ToServer) return Refuse(p, DecodeEvent.Stream3whsSynToclientOnSynRecv);
            return p.Sequence == session.Client.Isn || Refuse(p, DecodeEvent.Stream3whsSynResendDiffSeqOnSynRecv);
        }
        return (flags & Ack) == 0 || Confirmed(flow, session, p, own, other);
    }

    private bool AnsweredAgain(TcpSession session, Packet p)
    {
        if (session.Simultaneous && !p.ToServer) return true;
        if (p.ToServer) return Refuse(p, DecodeEvent.Stream3whsSynackToserverOnSynRecv);
        if (p.Acknowledgement != session.Client.LastAck) return Refuse(p, DecodeEvent.Stream3whsSynackResendWithDiffAck);
        if (p.Sequence == session.Server.Isn) return true;
        if (session.Answers.Count >= options.MaxAnswers) return Refuse(p, DecodeEvent.Stream3whsSynackFlood);
        session.Answers.Add(TcpCall.Of(p));
        return true;
    }

    private bool ResetInHandshake(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (!ResetIsValid(session, p, own, other)) return false;
        // after what looked like evasion these systems take a reset for a stray packet and stay open
        if (session.EvasionTried && options.Policies.For(p.Destination) is OverlapPolicy.Linux or OverlapPolicy.OldLinux or OverlapPolicy.Solaris) return true;
        Close(flow, session, p);
        return true;
    }

    /// <summary>The last step of the handshake, or something that shows that it was lost on the way to us.</summary>
    private bool Confirmed(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (p.ToServer && session.HasAnswers) ChooseAnswer(session, p);
        if (session.TimestampsOn && !TimestampIsValid(session, p, own)) return false;
        if (!p.ToServer) return ConfirmedByServer(flow, session, p, own, other);
        if (p.Sequence == own.NextSequence && p.Acknowledgement == other.NextSequence) return Establish(flow, session, p, own, other, own.NextSequence);
        if (session.Midstream && p.Acknowledgement == other.NextSequence) return Establish(flow, session, p, own, other, p.Sequence);
        if (p.Sequence == own.NextSequence)
        {
            session.EvasionTried = true;
            return Refuse(p, DecodeEvent.Stream3whsRightSeqWrongAckEvasion);
        }
        // what came between was lost before it reached us
        if (Distance(p.Sequence, own.NextSequence) > 0 && Distance(p.Sequence, own.NextWindow) <= 0 && p.Acknowledgement == other.NextSequence)
            return Establish(flow, session, p, own, other, p.Sequence);
        return Refuse(p, DecodeEvent.Stream3whsWrongSeqWrongAck);
    }

    /// <summary>The client's acknowledgement was lost: that the server goes on stands in for it. In-line nothing is lost: what we have not let through was not acknowledged.</summary>
    private bool ConfirmedByServer(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other)
    {
        if (session.Simultaneous)
        {
            if (p.Sequence != own.NextSequence) return Refuse(p, DecodeEvent.Stream4whsWrongSeq);
            return AckIsValid(session, p, other) ? Establish(flow, session, p, own, other, p.Sequence) : Refuse(p, DecodeEvent.Stream4whsInvalidAck);
        }
        bool inOrder = p.Sequence == own.NextSequence;
        if (options.DropInvalid && !session.Midstream && !session.FastOpen)
        {
            session.EvasionTried = true;
            return Refuse(p, DecodeEvent.Stream3whsAckInWrongDir);
        }
        if (inOrder && p.Acknowledgement == other.LastAck && p.PayloadLength > 0 && !session.EvasionTried) return Establish(flow, session, p, own, other, own.NextSequence);
        if (Distance(p.Acknowledgement, other.LastAck) > 0 && Distance(p.Sequence, own.NextSequence) >= 0 && AckIsValid(session, p, other))
            return Establish(flow, session, p, own, other, p.Sequence);
        return Refuse(p, DecodeEvent.Stream3whsWrongSeqWrongAck);
    }

    private bool Establish(Flow.Flow flow, TcpSession session, Packet p, TcpStream own, TcpStream other, uint from)
    {
        own.NextSequence = from;
        session.Enter(TcpState.Established);
        // what comes with the last step of the handshake belongs to the established conversation
        if (p.PayloadLength > 0) p.Marks |= PacketMarks.Established;
        Accept(flow, session, p, own, other);
        Advance(own, p.Sequence + (uint)p.PayloadLength);
        other.NextWindow = other.LastAck + other.Window;
        return true;
    }

    /// <summary>The client's acknowledgement shows which of several answers it took.</summary>
    private static void ChooseAnswer(TcpSession session, Packet p)
    {
        foreach (TcpCall answer in session.Answers)
        {
            if (p.Acknowledgement != answer.Sequence + 1) continue;
            session.Server.Begin(answer.Sequence);
            session.Client.Window = answer.Window;
            session.Client.Scale = answer.Scale >= 0 && session.ClientScales ? (byte)answer.Scale : (byte)0;
            session.TimestampsOn = session.ClientStamps && answer.HasTimestamp;
            session.Server.LastTimestamp = session.TimestampsOn ? answer.Timestamp : 0;
            session.Server.LastSecond = answer.Second;
            session.Server.NextWindow = session.Server.LastAck + session.Server.Window;
            session.Client.NextWindow = session.Client.LastAck + session.Client.Window;
            return;
        }
    }
}
