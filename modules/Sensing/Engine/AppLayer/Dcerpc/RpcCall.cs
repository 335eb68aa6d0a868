using System.Globalization;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Dcerpc;

/// <summary>PDU types (DCE 1.1: RPC, C706 section 12.6.4.1 and 12.5.2.1).</summary>
internal static class RpcType
{
    public const byte Request = 0, Response = 2, Fault = 3, Bind = 11, BindAck = 12, BindNak = 13, AlterContext = 14, AlterContextResponse = 15, Auth3 = 16;
    public const byte FirstFragment = 1, LastFragment = 2;

    private static readonly string[] Names = ["REQUEST", "PING", "RESPONSE", "FAULT", "WORKING", "NOCALL", "REJECT", "ACK", "CL_CANCEL", "FACK", "CANCEL_ACK", "BIND", "BINDACK", "BINDNAK",
        "ALTER_CONTEXT", "ALTER_CONTEXT_RESP", "AUTH3", "SHUTDOWN", "CO_CANCEL", "ORPHANED", "RTS"];

    public static string Name(int type) => type < Names.Length ? Names[type] : type.ToString(CultureInfo.InvariantCulture);
}

/// <summary>An interface that was asked for in a bind, and what the server said to it.</summary>
internal sealed class RpcInterface
{
    public ushort Context;
    public Guid Id;
    public ushort Major, Minor;
    public bool Answered;
    public ushort Result;
}

/// <summary>A transaction that may carry a remote procedure call.</summary>
internal interface IRpcCarrier
{
    RpcCall? Rpc { get; }
}

/// <summary>One call: what was asked and answered, with the bytes of both, and the interfaces in force when it was made.</summary>
internal sealed class RpcCall
{
    public const int MaxStub = 1 << 20, MaxInterfaces = 256;
    public int RequestType = -1, ResponseType = -1;
    public uint CallId;
    public ushort Operation, Context;
    public bool HasOperation, LittleEndian, FirstSeen, AnyContext;
    public bool RequestDone, ResponseDone;
    public int RequestFragments, ResponseFragments;
    public long RequestStub, ResponseStub;
    public readonly SlidingBuffer RequestBytes = new(), ResponseBytes = new();
    public List<RpcInterface>? Asked;               // of a bind
    public List<RpcInterface>? InForce;             // of a request

    public void AddStub(bool toServer, ReadOnlySpan<byte> bytes)
    {
        SlidingBuffer into = toServer ? RequestBytes : ResponseBytes;
        if (toServer) (RequestStub, RequestFragments) = (RequestStub + bytes.Length, RequestFragments + 1);
        else (ResponseStub, ResponseFragments) = (ResponseStub + bytes.Length, ResponseFragments + 1);
        if (into.Length < MaxStub) into.Append(bytes[..Math.Min(bytes.Length, MaxStub - into.Length)]);
    }

    public bool TryGet(bool toServer, out ReadOnlySpan<byte> stub)
    {
        stub = (toServer ? RequestBytes : ResponseBytes).Span;
        return !stub.IsEmpty;
    }

    public void Reset()
    {
        RequestBytes.Release();
        ResponseBytes.Release();
    }

    /// <summary>The presentation context list of a bind (C706 section 12.6.3.1); the cursor stands behind the association group.</summary>
    public static List<RpcInterface> ReadContexts(ref Wire wire)
    {
        int count = wire.U8();
        wire.Skip(3);
        var found = new List<RpcInterface>(Math.Min(count, 4));
        for (int i = 0; i < count && !wire.Bad && found.Count < MaxInterfaces; i++)
        {
            var one = new RpcInterface { Context = wire.U16() };
            int transfers = wire.U8();
            wire.Skip(1);
            ReadOnlySpan<byte> id = wire.Take(16);
            one.Major = wire.U16();
            one.Minor = wire.U16();
            wire.Skip(20L * transfers);
            if (wire.Bad) break;
            one.Id = new Guid(id, !wire.Little);
            found.Add(one);
        }
        return found;
    }

    /// <summary>The result list of a bind's answer (C706 section 12.6.4.4), from its maximum fragment sizes on; results stand in the order of what was asked.</summary>
    public static void ReadResults(ref Wire wire, List<RpcInterface>? asked)
    {
        wire.Skip(8);
        int address = wire.U16();
        wire.Skip(address);
        // aligned to four bytes from the start of the PDU, which is a multiple of four before this body
        while ((wire.At & 3) != 0 && !wire.Bad) wire.Skip(1);
        int count = wire.U8();
        wire.Skip(3);
        for (int i = 0; i < count && !wire.Bad; i++)
        {
            ushort result = wire.U16();
            wire.Skip(22);
            if (wire.Bad || asked == null || i >= asked.Count) break;
            (asked[i].Answered, asked[i].Result) = (true, result);
        }
    }

    public void WriteInterfaces(EveWriter to, List<RpcInterface> list, bool results, bool reasons)
    {
        to.OpenArray("interfaces"u8);
        foreach (RpcInterface one in list)
        {
            to.OpenItem();
            to.Text("uuid"u8, one.Id.ToString());
            to.Text("version"u8, string.Create(CultureInfo.InvariantCulture, $"{one.Major}.{one.Minor}"));
            // over TCP an answer that did not come reads as acceptance
            if (results && (one.Answered || !reasons && !list.Exists(l => l.Answered)))
            {
                to.Number("ack_result"u8, one.Result);
                if (reasons) to.Number("ack_reason"u8, 0); // the reference writes 0, whatever the server said
            }
            to.Close();
        }
        to.CloseArray();
    }
}
