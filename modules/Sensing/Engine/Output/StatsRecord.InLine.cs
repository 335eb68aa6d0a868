using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Sensing.Engine.Output;

internal static partial class StatsRecord
{
    /// <summary>What became of packets when the engine acts as if it stood in-line.</summary>
    private static void InLine(EveWriter w, IReadOnlyList<WorkerCounters> workers)
    {
        long Sum(Func<WorkerCounters, long> of) => workers.Sum(of);
        w.Open("ips"u8);
        w.Number("accepted"u8, Sum(c => c.Ips.Accepted));
        w.Number("blocked"u8, Sum(c => c.Ips.Blocked));
        w.Number("rejected"u8, Sum(c => c.Ips.Rejected));
        w.Number("replaced"u8, 0);
        w.Open("drop_reason"u8);
        for (var reason = DropReason.DecodeError; reason <= DropReason.TunnelPacketDrop; reason++)
        {
            DropReason one = reason;
            w.Number(Key(one), Sum(c => c.Ips.Reasons[(int)one]));
        }
        w.Close();
        w.Close();
    }

    private static ReadOnlySpan<byte> Key(DropReason reason) => reason switch
    {
        DropReason.DecodeError => "decode_error"u8,
        DropReason.DefragError => "defrag_error"u8,
        DropReason.DefragMemcap => "defrag_memcap"u8,
        DropReason.FlowMemcap => "flow_memcap"u8,
        DropReason.FlowDrop => "flow_drop"u8,
        DropReason.AppLayerError => "applayer_error"u8,
        DropReason.AppLayerMemcap => "applayer_memcap"u8,
        DropReason.Rules => "rules"u8,
        DropReason.Threshold => "threshold_detection_filter"u8,
        DropReason.StreamError => "stream_error"u8,
        DropReason.StreamMemcap => "stream_memcap"u8,
        DropReason.StreamMidstream => "stream_midstream"u8,
        DropReason.StreamReassembly => "stream_reassembly"u8,
        _ => "tunnel_packet_drop"u8,
    };

    private static readonly string[] States = ["none", "syn_sent", "syn_recv", "established", "fin_wait1", "fin_wait2", "time_wait", "last_ack", "close_wait", "closing", "closed"];

    private static void TcpStates(EveWriter w, IReadOnlyList<WorkerCounters> workers)
    {
        w.Open("tcp_state"u8);
        for (int i = 0; i < States.Length; i++)
        {
            int state = i;
            w.Number(System.Text.Encoding.ASCII.GetBytes(States[i]), workers.Sum(c => c.Flow.EndTcpStates[state]));
        }
        w.Close();
    }
}
