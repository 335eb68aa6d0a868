using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Sensing.Engine.Output;

/// <summary>The stats record: sums over all workers, named as Suricata names them.</summary>
internal static partial class StatsRecord
{
    public static void Write(EveWriter w, IReadOnlyList<WorkerCounters> workers, RuleSet? rules, long uptimeSeconds, long now, Action<EveWriter>? more = null, EngineSettings? settings = null)
    {
        long Sum(Func<WorkerCounters, long> of) => workers.Sum(of);
        w.Begin();
        w.Time("timestamp"u8, now);
        w.Text("event_type"u8, "stats"u8);
        w.Open("stats"u8);
        w.Number("uptime"u8, uptimeSeconds);
        if (settings is { SimulateIps: true }) InLine(w, workers);
        w.Open("decoder"u8);
        w.Number("pkts"u8, Sum(c => c.Decode.Packets));
        w.Number("bytes"u8, Sum(c => c.Decode.Bytes));
        w.Number("invalid"u8, Sum(c => c.Decode.Invalid));
        w.Number("ipv4"u8, Sum(c => c.Decode.Ipv4));
        w.Number("ipv6"u8, Sum(c => c.Decode.Ipv6));
        w.Number("ethernet"u8, Sum(c => c.Decode.Ethernet));
        w.Number("arp"u8, Sum(c => c.Decode.Arp));
        w.Number("unknown_ethertype"u8, Sum(c => c.Decode.UnknownEtherType));
        w.Number("chdlc"u8, Sum(c => c.Decode.Chdlc));
        w.Number("raw"u8, Sum(c => c.Decode.Raw));
        w.Number("null"u8, Sum(c => c.Decode.Null));
        w.Number("sll"u8, Sum(c => c.Decode.Sll));
        w.Number("tcp"u8, Sum(c => c.Decode.Tcp));
        w.Number("udp"u8, Sum(c => c.Decode.Udp));
        w.Number("sctp"u8, Sum(c => c.Decode.Sctp));
        w.Number("esp"u8, Sum(c => c.Decode.Esp));
        w.Number("icmpv4"u8, Sum(c => c.Decode.Icmpv4));
        w.Number("icmpv6"u8, Sum(c => c.Decode.Icmpv6));
        w.Number("ppp"u8, Sum(c => c.Decode.Ppp));
        w.Number("pppoe"u8, Sum(c => c.Decode.Pppoe));
        w.Number("geneve"u8, Sum(c => c.Decode.Geneve));
        w.Number("gre"u8, Sum(c => c.Decode.Gre));
        w.Number("vlan"u8, Sum(c => c.Decode.Vlan));
        w.Number("vlan_qinq"u8, Sum(c => c.Decode.VlanQinq));
        w.Number("vxlan"u8, Sum(c => c.Decode.Vxlan));
        w.Number("teredo"u8, Sum(c => c.Decode.Teredo));
        w.Number("ipv4_in_ipv6"u8, Sum(c => c.Decode.Ipv4InIpv6));
        w.Number("ipv6_in_ipv6"u8, Sum(c => c.Decode.Ipv6InIpv6));
        w.Number("mpls"u8, Sum(c => c.Decode.Mpls));
        w.Number("vntag"u8, Sum(c => c.Decode.Vntag));
        w.Number("ieee8021ah"u8, Sum(c => c.Decode.Ieee8021Ah));
        long packets = Sum(c => c.Decode.Packets);
        w.Number("avg_pkt_size"u8, packets == 0 ? 0 : Sum(c => c.Decode.Bytes) / packets);
        w.Number("max_pkt_size"u8, workers.Count == 0 ? 0 : workers.Max(c => c.Decode.MaxPacket));
        w.Number("erspan"u8, Sum(c => c.Decode.Erspan));
        w.Number("too_many_layers"u8, Sum(c => c.Decode.TooManyLayers));
        DecodeEvents(w, workers);
        w.Close();
        w.Open("defrag"u8);
        w.Open("ipv4"u8);
        w.Number("fragments"u8, Sum(c => c.Decode.FragmentsV4));
        w.Number("reassembled"u8, Sum(c => c.Decode.ReassembledV4));
        w.Close();
        w.Open("ipv6"u8);
        w.Number("fragments"u8, Sum(c => c.Decode.FragmentsV6));
        w.Number("reassembled"u8, Sum(c => c.Decode.ReassembledV6));
        w.Close();
        w.Number("max_frag_hits"u8, Sum(c => c.Decode.DefragDrops));
        w.Close();
        w.Open("flow"u8);
        w.Number("total"u8, Sum(c => c.Flow.Total));
        w.Number("active"u8, Sum(c => c.Flow.Active));
        w.Number("tcp"u8, Sum(c => c.Flow.Tcp));
        w.Number("udp"u8, Sum(c => c.Flow.Udp));
        w.Number("icmpv4"u8, Sum(c => c.Flow.Icmpv4));
        w.Number("icmpv6"u8, Sum(c => c.Flow.Icmpv6));
        w.Number("memcap"u8, Sum(c => c.Flow.MemcapHits));
        w.Number("get_used"u8, Sum(c => c.Flow.Evicted));
        w.Number("get_used_failed"u8, Sum(c => c.Flow.MemcapHits));
        w.Number("emerg_mode_entered"u8, Sum(c => c.Flow.EmergencyEntered));
        w.Number("emerg_mode_over"u8, Sum(c => c.Flow.EmergencyOver));
        w.Open("mgr"u8);
        w.Number("full_hash_pass"u8, Sum(c => c.Flow.Sweeps));
        w.Number("flows_timeout"u8, Sum(c => c.Flow.EndTimeout));
        w.Number("flows_evicted"u8, Sum(c => c.Flow.EndTimeout));
        w.Close();
        w.Open("recycler"u8);
        w.Number("recycled"u8, Sum(c => c.Flow.EndTimeout + c.Flow.EndForced + c.Flow.EndReused + c.Flow.EndShutdown));
        w.Close();
        w.Number("tcp_reuse"u8, Sum(c => c.Flow.EndReused));
        w.Number("memuse"u8, Sum(c => c.Flow.MemoryUse));
        w.Open("end"u8);
        w.Open("state"u8);
        w.Number("new"u8, Sum(c => c.Flow.EndNew));
        w.Number("established"u8, Sum(c => c.Flow.EndEstablished));
        w.Number("closed"u8, Sum(c => c.Flow.EndClosed));
        w.Number("local_bypassed"u8, Sum(c => c.Ips.BypassedFlows));
        w.Close();
        TcpStates(w, workers);
        w.Close();
        w.Close();
        w.Open("flow_bypassed"u8);
        w.Number("pkts"u8, Sum(c => c.Ips.BypassedPackets));
        w.Number("bytes"u8, Sum(c => c.Ips.BypassedBytes));
        w.Number("local_pkts"u8, Sum(c => c.Ips.BypassedPackets));
        w.Number("local_bytes"u8, Sum(c => c.Ips.BypassedBytes));
        w.Number("closed"u8, Sum(c => c.Ips.BypassedFlows));
        w.Close();
        w.Open("tcp"u8);
        w.Number("syn"u8, Sum(c => c.Stream.Syn));
        w.Number("synack"u8, Sum(c => c.Stream.SynAck));
        w.Number("rst"u8, Sum(c => c.Stream.Rst));
        w.Number("active_sessions"u8, Sum(c => c.Stream.ActiveSessions));
        w.Number("sessions"u8, Sum(c => c.Stream.Sessions));
        w.Number("ssn_memcap_drop"u8, Sum(c => c.Stream.SessionMemcapDrops));
        w.Number("invalid_checksum"u8, Sum(c => c.Stream.InvalidChecksum));
        w.Number("urg"u8, Sum(c => c.Stream.Urgent));
        w.Number("pseudo"u8, Sum(c => c.Pseudo));
        w.Number("insert_data_normal_fail"u8, Sum(c => c.Stream.SegmentListDrops));
        w.Number("midstream_pickups"u8, Sum(c => c.Stream.Midstream));
        w.Number("segment_memcap_drop"u8, Sum(c => c.Stream.SegmentMemcapDrops));
        w.Number("stream_depth_reached"u8, Sum(c => c.Stream.DepthReached));
        w.Number("reassembly_gap"u8, Sum(c => c.Stream.Gaps));
        w.Number("overlap"u8, Sum(c => c.Stream.Overlaps));
        w.Number("overlap_diff_data"u8, Sum(c => c.Stream.OverlapDifferentData));
        w.Number("memuse"u8, Sum(c => c.Stream.SessionMemory));
        w.Number("reassembly_memuse"u8, Sum(c => c.Stream.ReassemblyMemory));
        w.Close();
        w.Open("detect"u8);
        w.OpenArray("engines"u8);
        w.OpenItem();
        w.Number("id"u8, 0);
        if (rules != null) w.Time("last_reload"u8, rules.LoadedAt);
        w.Number("rules_loaded"u8, rules?.Loaded ?? 0);
        w.Number("rules_failed"u8, rules?.Faults.Count ?? 0);
        w.Number("rules_skipped"u8, rules?.Skipped ?? 0);
        w.Close();
        w.CloseArray();
        w.Number("alert"u8, Sum(c => c.Detect.Alerts));
        w.Number("alert_queue_overflow"u8, Sum(c => c.Detect.AlertQueueOverflow));
        w.Number("alerts_suppressed"u8, Sum(c => c.Detect.AlertsSuppressed));
        w.Close();
        long pressure = Pressure(workers, settings);
        w.Number("memcap_pressure"u8, pressure);
        w.Number("memcap_pressure_max"u8, Highest(workers, pressure));
        Memcap(w, "http"u8, workers, c => c.App.MemcapHits[(int)AppProto.Http1]);
        Memcap(w, "ftp"u8, workers, c => c.App.MemcapHits[(int)AppProto.Ftp] + c.App.MemcapHits[(int)AppProto.FtpData]);
        AppLayer(w, workers, settings?.App ?? new AppLayerOptions());
        Faults(w, workers);
        more?.Invoke(w);
        w.Close();
    }

    private static void DecodeEvents(EveWriter w, IReadOnlyList<WorkerCounters> workers)
    {
        w.Open("event"u8);
        foreach (var group in Enum.GetValues<DecodeEvent>().Select(e => (Event: e, Name: DecodeEventNames.NameOf(e))).Where(e => e.Name.Contains('.', StringComparison.Ordinal) && !DecodeEventNames.IsStream(e.Event)).GroupBy(e => e.Name[..e.Name.IndexOf('.', StringComparison.Ordinal)]))
        {
            w.Open(Encoding.ASCII.GetBytes(group.Key));
            foreach (var (e, name) in group) w.Number(Encoding.ASCII.GetBytes(name[(group.Key.Length + 1)..]), workers.Sum(c => c.Decode.Events[(int)e]));
            w.Close();
        }
        w.Close();
    }
}
