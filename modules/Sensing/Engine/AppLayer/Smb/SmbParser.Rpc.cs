using Appliance.Sensing.Engine.AppLayer.Dcerpc;

namespace Appliance.Sensing.Engine.AppLayer.Smb;

internal sealed partial class SmbParser
{
    /// <summary>A request written into a pipe; false when the bytes are no DCE/RPC PDU.</summary>
    private bool RpcRequest(bool two, int command, ulong session, uint tree, ulong message, ReadOnlySpan<byte> id, ReadOnlySpan<byte> pdu)
    {
        if (pdu.Length < 16 || pdu[0] != 5 || pdu[1] > 1 || (pdu[4] & 0xee) != 0) return false;
        bool little = (pdu[4] & 0x10) != 0;
        byte type = pdu[2], flags = pdu[3];
        var head = new Wire(pdu, little) { At = 12 };
        uint callId = head.U32();
        var body = new Wire(pdu[16..], little);
        SmbTransaction? tx = null;
        if (type == RpcType.Request && (flags & RpcType.FirstFragment) == 0) tx = OpenCall(id, callId, false);
        if (tx == null)
        {
            tx = Begin(two, command, session, tree, message);
            tx.Detail = SmbDetail.Rpc;
            tx.FileId = id.ToArray();
            tx.Call = new RpcCall { CallId = callId, LittleEndian = little, RequestType = type, AnyContext = true };
        }
        RpcCall call = tx.Call!;
        switch (type)
        {
            case RpcType.Bind or RpcType.AlterContext:
                body.Skip(8);
                call.Asked = RpcCall.ReadContexts(ref body);
                if (type == RpcType.Bind) _asked = call.Asked;
                break;
            case RpcType.Request:
                body.Skip(4);
                call.Context = body.U16();
                call.Operation = body.U16();
                call.HasOperation = true;
                call.FirstSeen |= (flags & RpcType.FirstFragment) != 0;
                call.InForce = _asked;
                call.AddStub(true, body.Rest);
                break;
            default: break;
        }
        call.RequestDone = (flags & RpcType.LastFragment) != 0;
        return true;
    }

    /// <summary>A pipe takes a write that is no DCE/RPC PDU: told as malformed, with what stands where the type of a PDU is.</summary>
    private void ForeignRequest(bool two, int command, ulong session, uint tree, ulong message, ReadOnlySpan<byte> id, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 16)
        {
            if (state.Transactions.Count > 0) state.Transactions[^1].Raise("malformed_data", true);
            return;
        }
        SmbTransaction tx = Begin(two, command, session, tree, message);
        tx.Detail = SmbDetail.Rpc;
        tx.FileId = id.ToArray();
        bool little = (bytes[4] & 0x10) != 0;
        var callId = new Wire(bytes[12..], little);
        tx.Call = new RpcCall { CallId = callId.U32(), LittleEndian = little, RequestType = bytes[2], AnyContext = true };
        tx.Raise("malformed_data", true);
    }

    /// <summary>The server took such a write.</summary>
    private void ForeignTaken(int command, ulong message, uint status)
    {
        foreach (Transaction t in state.Transactions)
            if (t is SmbTransaction { Two: false, Detail: SmbDetail.Rpc, Answered: false, Events.Count: > 0 } tx && tx.Command == command && tx.MessageId == message)
            {
                (tx.Answered, tx.Status) = (true, status);
                return;
            }
    }

    private bool RpcResponse(ReadOnlySpan<byte> id, ReadOnlySpan<byte> pdu, uint status)
    {
        if (pdu.Length < 16 || pdu[0] != 5 || pdu[1] > 1 || (pdu[4] & 0xee) != 0) return false;
        bool little = (pdu[4] & 0x10) != 0;
        byte type = pdu[2], flags = pdu[3];
        var head = new Wire(pdu, little) { At = 12 };
        SmbTransaction? tx = OpenCall(id, head.U32(), true);
        if (tx == null) return true;
        RpcCall call = tx.Call!;
        var body = new Wire(pdu[16..], little);
        call.ResponseType = type;
        if (type is RpcType.BindAck or RpcType.AlterContextResponse) RpcCall.ReadResults(ref body, call.Asked);
        if (type == RpcType.Response)
        {
            body.Skip(8);
            call.AddStub(false, body.Rest);
        }
        if ((flags & RpcType.LastFragment) == 0) return true;
        (tx.Answered, tx.Status) = (true, status);
        Finish(tx);
        return true;
    }

    private SmbTransaction? OpenCall(ReadOnlySpan<byte> id, uint callId, bool answering)
    {
        for (int i = state.Transactions.Count - 1; i >= 0; i--)
            if (state.Transactions[i] is SmbTransaction { Detail: SmbDetail.Rpc } tx && tx.ProgressToServer < tx.Complete && tx.Call!.CallId == callId && (answering || !tx.Call.RequestDone) && id.SequenceEqual(tx.FileId)) return tx;
        return null;
    }
}
