using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Dcerpc;

/// <summary>DCE/RPC over TCP (C706 chapter 12.6) and UDP (chapter 12.5).</summary>
internal sealed class DcerpcParser(AppState state, bool tcp) : AppParser
{
    private const int MaxPending = 512;
    private List<RpcInterface>? _asked;
    private bool _lostToServer, _lostToClient, _everLost;

    public override AppProto Protocol => AppProto.Dcerpc;

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        if (!toServer)
        {
            _lostToClient = true;
            return true;
        }
        _lostToServer = true;
        QuestionsLost();
        return true;
    }

    /// <summary>Questions are missing for good, by a gap or by the stream's depth: no answer waits for its own any more.</summary>
    private void QuestionsLost()
    {
        _everLost = true;
        foreach (Transaction t in state.Transactions)
            if (t is DcerpcTransaction { Call.RequestType: < 0 }) t.ProgressToServer = 1;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (!tcp)
        {
            Datagram(toServer, bytes);
            return bytes.Length;
        }
        if (toServer && (marks & StreamMarks.Depth) != 0) QuestionsLost();
        int used = 0;
        ref bool lost = ref toServer ? ref _lostToServer : ref _lostToClient;
        while (bytes.Length - used >= 16)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            if (lost)
            {
                // behind a gap: take up again where a header stands
                if (!Probe(rest))
                {
                    used++;
                    continue;
                }
                lost = false;
            }
            bool little = (rest[4] & 0x10) != 0;
            var head = new Wire(rest, little) { At = 8 };
            int length = head.U16();
            head.Skip(2);
            uint call = head.U32();
            if (rest[0] != 5 || length < 16) return -1;
            if (rest.Length < length) break;
            // AUTH3 and control PDUs end the reading, as in the reference: what follows them is most often sealed
            if (rest[2] is not (RpcType.Request or RpcType.Bind or RpcType.AlterContext or RpcType.Response or RpcType.BindAck or RpcType.AlterContextResponse)) return -1;
            Pdu(toServer, rest[2], rest[3], call, little, rest[16..length]);
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
            used += length;
        }
        return lost ? bytes.Length : used;
    }

    private void Pdu(bool toServer, byte type, byte flags, uint callId, bool little, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body, little);
        DcerpcTransaction? tx = Open(callId, toServer);
        if (toServer)
        {
            if (type is RpcType.Bind or RpcType.AlterContext)
            {
                tx = New(callId, little);
                tx.Call.RequestType = type;
                wire.Skip(8);
                List<RpcInterface> asked = RpcCall.ReadContexts(ref wire);
                if (type == RpcType.Bind) tx.Call.Asked = _asked = asked;
                else (_asked ??= []).AddRange(asked.Take(Math.Max(0, RpcCall.MaxInterfaces - _asked.Count)));
                tx.Call.RequestDone = true;
            }
            else if (type == RpcType.Request)
            {
                if (tx == null || tx.Call.RequestDone || tx.Call.RequestType != RpcType.Request) tx = New(callId, little);
                RpcCall call = tx.Call;
                call.RequestType = type;
                call.LittleEndian = little;
                call.InForce = _asked;
                call.FirstSeen = (flags & RpcType.FirstFragment) != 0;
                wire.Skip(4); // allocation hint
                call.Context = wire.U16();
                call.Operation = wire.U16();
                call.HasOperation = true;
                call.AddStub(true, wire.Rest); // with the object identifier, if flagged, as rules written for the reference expect
                call.RequestDone = (flags & RpcType.LastFragment) != 0;
            }
            return;
        }
        tx ??= New(callId, little);
        tx.Call.ResponseType = type;
        switch (type)
        {
            case RpcType.BindAck: RpcCall.ReadResults(ref wire, tx.Call.Asked); break;
            case RpcType.AlterContextResponse: break;
            case RpcType.Response:
                tx.Call.AddStub(false, wire.Rest); // with the eight bytes of hint and context before it, likewise
                if ((flags & RpcType.LastFragment) == 0) return;
                break;
            default: break;
        }
        Finish(tx);
    }

    private DcerpcTransaction New(uint callId, bool little)
    {
        if (state.Transactions.Count >= MaxPending)
            foreach (Transaction old in state.Transactions)
                if (old.ProgressToServer == 0 || old.ProgressToClient == 0)
                {
                    old.ProgressToServer = old.ProgressToClient = 1;
                    break;
                }
        DcerpcTransaction tx = state.Add(new DcerpcTransaction());
        tx.Call.CallId = callId;
        tx.Call.LittleEndian = little;
        return tx;
    }

    private DcerpcTransaction? Open(uint callId, bool toServer)
    {
        for (int i = state.Transactions.Count - 1; i >= 0; i--)
            if (state.Transactions[i] is DcerpcTransaction { ProgressToServer: 0, ProgressToClient: 0 } tx && tx.Call.CallId == callId) return tx;
        return null;
    }

    private void Finish(Transaction tx)
    {
        RpcCall call = ((DcerpcTransaction)tx).Call;
        call.ResponseDone = true;
        tx.ProgressToClient = 1;
        // an answer without its question: the question may still be on its way, unless bytes were lost
        if (call.RequestType >= 0 || _everLost) tx.ProgressToServer = 1;
    }

    /// <summary>Connectionless header: 80 bytes (C706 section 12.5.1).</summary>
    private void Datagram(bool toServer, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 80 || bytes[0] != 4) return;
        bool little = (bytes[4] & 0x10) != 0;
        byte type = bytes[1], flags = bytes[2];
        var wire = new Wire(bytes, little) { At = 24 };
        var service = new Guid(wire.Take(16), !little);
        var activity = new Guid(wire.Take(16), !little);
        wire.Skip(4);
        uint version = wire.U32(), sequence = wire.U32();
        ushort operation = wire.U16();
        wire.Skip(4);
        int length = wire.U16();
        wire.At = 80;
        ReadOnlySpan<byte> stub = wire.Take(Math.Min(length, wire.Left));
        DcerpcTransaction? tx = null;
        foreach (Transaction t in state.Transactions)
            if (t is DcerpcTransaction { ProgressToServer: 0 } open && open.Activity == activity && open.Sequence == sequence) tx = open;
        if (tx == null)
        {
            tx = New(sequence, little);
            (tx.Connectionless, tx.Activity, tx.Sequence) = (true, activity, sequence);
        }
        bool last = (flags & 0x04) == 0 || (flags & 0x02) != 0;
        if (toServer)
        {
            tx.Call.RequestType = type;
            tx.Call.Operation = operation;
            tx.Call.HasOperation = type == RpcType.Request;
            tx.Call.FirstSeen = true;
            tx.Call.InForce ??= [new RpcInterface { Id = service, Major = (ushort)version, Minor = (ushort)(version >> 16), Answered = true }];
            if (type == RpcType.Request) tx.Call.AddStub(true, stub);
            return;
        }
        tx.Call.ResponseType = type;
        if (type == RpcType.Response) tx.Call.AddStub(false, stub);
        if (last) Finish(tx);
    }

    public static bool Begins(ReadOnlySpan<byte> b) => b.Length >= 2 && b[0] == 5 && b[1] == 0;

    public static bool Probe(ReadOnlySpan<byte> b) => b.Length >= 16 && Begins(b) && (b[4] & 0xee) == 0 && b[5] <= 4;

    public static bool ProbeDatagram(ReadOnlySpan<byte> b) => b.Length >= 80 && b[0] == 4 && b[1] <= 10 && (b[2] & 0x81) == 0 && (b[4] & 0xee) == 0 && b[5] <= 4 && b[6] == 0;
}
