using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Dcerpc;

internal sealed class DcerpcTransaction : Transaction, IRpcCarrier
{
    public RpcCall Call { get; } = new();
    public Guid Activity;
    public uint Sequence;
    public bool Connectionless;

    public RpcCall? Rpc => Call;
    public override int Complete => 1;
    public override bool RecordFollowsFlow => true;
    public override bool LittleEndian => Call.LittleEndian;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return index == 0 && buffer == BufferId.DceStubData && Call.TryGet(toServer, out bytes);
    }

    public override void Reset()
    {
        base.Reset();
        Call.Reset();
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (inAlert) return false;
        RpcCall call = Call;
        to.Open("dcerpc"u8);
        to.Text("request"u8, call.RequestType < 0 ? "REQUEST_LOST" : RpcType.Name(call.RequestType));
        if (call.RequestType == RpcType.Request)
        {
            to.Open("req"u8);
            to.Number("opnum"u8, call.Operation);
            to.Number("frag_cnt"u8, call.RequestFragments);
            to.Number("stub_data_size"u8, call.RequestStub);
            to.Close();
        }
        else if (call is { RequestType: RpcType.Bind, Asked: not null }) call.WriteInterfaces(to, call.Asked, true, false);
        to.Text("response"u8, call.ResponseType < 0 ? "UNREPLIED" : RpcType.Name(call.ResponseType));
        if (call.ResponseType == RpcType.Response)
        {
            to.Open("res"u8);
            to.Number("frag_cnt"u8, call.ResponseFragments);
            to.Number("stub_data_size"u8, call.ResponseStub);
            to.Close();
        }
        if (Connectionless)
        {
            to.Text("activityuuid"u8, Activity.ToString());
            to.Number("seqnum"u8, Sequence);
            to.Text("rpc_version"u8, "4.0"u8);
        }
        else
        {
            to.Number("call_id"u8, call.CallId);
            to.Text("rpc_version"u8, "5.0"u8);
        }
        to.Close();
        return true;
    }
}
