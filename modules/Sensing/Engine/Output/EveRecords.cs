using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Output;

/// <summary>The records of one worker: header, flow, alert, transaction, file.</summary>
internal sealed partial class EveRecords(EveOptions options, IEveSink sink, EveCounters counters)
{
    private readonly EveWriter _w = new();
    private RuleSet? _rules;

    public EveWriter Writer => _w;
    public EveOptions Options => options;

    public void Use(EveOptions fresh) => options = fresh with { Interface = options.Interface };

    /// <summary>The capture being read, for records that name it.</summary>
    public string? CaptureFile { get; set; }
    public void Use(RuleSet rules) => _rules = rules;

    private void Send(EveStream stream)
    {
        if (options.Replay != null) _w.Text("replay"u8, options.Replay);
        counters.Records++;
        sink.Write(stream, _w.End());
    }

    private void Header(Packet p, Flow.Flow? flow, ReadOnlySpan<byte> kind, bool flowOrder, bool toServer, IpAddress client = default)
    {
        _w.Begin();
        _w.Time("timestamp"u8, p.Time);
        if (flow != null) _w.Number("flow_id"u8, flow.Id);
        if (options.Interface != null) _w.Text("in_iface"u8, options.Interface);
        else if (options.ShowNumbers && p.Number > 0 && p.Source != PacketSource.StreamEnd) _w.Number("pcap_cnt"u8, p.Number);
        _w.Text("event_type"u8, kind);
        if (options.PcapFileShown && CaptureFile != null) _w.Text("pcap_filename"u8, CaptureFile);
        Vlan(p.VlanCount, p.Vlan0, p.Vlan1, p.Vlan2);
        if (p.IpVersion != 0)
        {
            IpAddress source = p.Source_, destination = p.Destination;
            ushort sourcePort = p.SourcePort, destinationPort = p.DestinationPort;
            // of what has ports by its protocol but shows none, such as fragments, they are 0
            bool hasPorts = p.HasPorts || p.Protocol is 6 or 17 or 132;
            if (flowOrder && flow != null && (flow.Protocol is 6 or 17 or 132))
            {
                source = toServer ? flow.Client : flow.Server;
                destination = toServer ? flow.Server : flow.Client;
                sourcePort = toServer ? flow.ClientPort : flow.ServerPort;
                destinationPort = toServer ? flow.ServerPort : flow.ClientPort;
                hasPorts = true;
            }
            if (client != default)
            {
                if (p.ToServer) source = client;
                else destination = client;
            }
            _w.Address("src_ip"u8, source);
            if (hasPorts) _w.Number("src_port"u8, sourcePort);
            _w.Address("dest_ip"u8, destination);
            if (hasPorts) _w.Number("dest_port"u8, destinationPort);
            Protocol(p.Protocol);
            if (p.HasIcmp)
            {
                _w.Number("icmp_type"u8, p.IcmpType);
                _w.Number("icmp_code"u8, p.IcmpCode);
            }
            if (options.CommunityId && flow != null) Community(flow);
        }
        _w.Text("pkt_src"u8, p.Source switch
        {
            PacketSource.Defragmented => "defrag"u8,
            PacketSource.StreamEnd => "stream (flow timeout)"u8,
            PacketSource.StreamChange => "stream (detect/log)"u8,
            PacketSource.Tunnel => TunnelSource(p.TunnelKind),
            _ => "wire/pcap"u8,
        });
        if (options.Ethernet && p.EthernetOffset >= 0) EthernetAddresses(p);
    }

    private static ReadOnlySpan<byte> TunnelSource(byte kind) => kind switch { 2 => "gre tunnel"u8, 4 => "vxlan encapsulation"u8, 5 => "geneve encapsulation"u8, 6 => "teredo tunnel"u8, 7 => "ipv6 tunnel"u8, _ => "ipv4 tunnel"u8 };

    private void EthernetAddresses(Packet p)
    {
        _w.Open("ether"u8);
        _w.Text("src_mac"u8, Mac(p.Data.AsSpan(p.EthernetOffset + 6, 6)));
        _w.Text("dest_mac"u8, Mac(p.Data.AsSpan(p.EthernetOffset, 6)));
        _w.Close();
    }

    private static string Mac(ReadOnlySpan<byte> bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}");

    private void Vlan(byte count, ushort a, ushort b, ushort c)
    {
        if (count == 0) return;
        _w.OpenArray("vlan"u8);
        _w.Item(a);
        if (count > 1) _w.Item(b);
        if (count > 2) _w.Item(c);
        _w.CloseArray();
    }

    private void Protocol(byte protocol)
    {
        ReadOnlySpan<byte> name = protocol switch
        {
            1 => "ICMP"u8,
            2 => "IGMP"u8,
            4 => "IP-ENCAP"u8,
            6 => "TCP"u8,
            17 => "UDP"u8,
            41 => "IPv6"u8,
            47 => "GRE"u8,
            50 => "ESP"u8,
            51 => "AH"u8,
            58 => "IPv6-ICMP"u8,
            88 => "EIGRP"u8,
            46 => "RSVP"u8,
            89 => "OSPF"u8,
            103 => "PIM"u8,
            112 => "VRRP"u8,
            132 => "SCTP"u8,
            0 => "HOPOPT"u8,
            8 => "EGP"u8,
            9 => "IGP"u8,
            44 => "IPv6-Frag"u8,
            59 => "IPv6-NoNxt"u8,
            60 => "IPv6-Opts"u8,
            _ => default,
        };
        if (!name.IsEmpty) _w.Text("proto"u8, name);
        else _w.Text("proto"u8, protocol.ToString("D3", CultureInfo.InvariantCulture));
    }

    private void Community(Flow.Flow flow)
    {
        Span<byte> text = stackalloc byte[64];
        bool icmp = flow.Protocol is 1 or 58;
        bool oneWay = icmp && flow.ClientPort == flow.ServerPort;
        int n = CommunityId.Write(flow.Client, flow.Server, flow.ClientPort, flow.ServerPort, flow.Protocol, flow.Protocol is 6 or 17 or 132 or 1 or 58, oneWay, options.CommunityIdSeed, text);
        _w.Text("community_id"u8, text[..n]);
    }

    public void Alert(Packet p, Flow.Flow? flow, in Alert alert)
    {
        if (!options.Enabled) return;
        Rule rule = alert.Rule;
        if (options.Alerts)
        {
            IpAddress client = default;
            bool behind = options.Xff != null && flow != null && TryXff(options.Xff, flow, alert.Transaction, out client);
            if (behind && options.Xff!.Overwrite) Header(p, flow, "alert"u8, false, true, client);
            else Header(p, flow, "alert"u8, false, true);
            if (alert.Transaction != null) _w.Number("tx_id"u8, alert.Transaction.Id);
            AlertObject(p, rule, Blocked(p, alert));
            TunnelObject(p);
            if (flow != null)
            {
                if (options.AppLayerInAlert)
                {
                    Transaction? tx = alert.Transaction;
                    if (tx != null) WriteTransaction(tx, flow, true);
                    if (tx != null && tx.Files.Count > 0) AlertFiles(tx, flow);
                }
                AppProtocol(flow);
                _w.Text("direction"u8, p.ToServer ? "to_server"u8 : "to_client"u8);
                if (options.FlowInAlert) AlertFlow(flow);
                if (alert.Frame.Type != AppLayer.Frames.FrameType.None) FrameObject(p, flow, alert.Frame);
            }
            if (options.Payload || options.PayloadPrintable) PayloadObject(p, flow, alert.FromStream);
            if (options.Packet) PacketObject(p);
            if (behind && !options.Xff!.Overwrite)
            {
                Span<byte> text = stackalloc byte[40];
                _w.Text("xff"u8, text[..client.Format(text)]);
            }
            Variables(flow, p);
            if (options.Verdict) VerdictObject(p, flow);
            Send(EveStream.Alerts);
        }
    }

    /// <summary>A rate filter's action shows in what became of the packet, any other in the rule itself.</summary>
    private bool Blocked(Packet p, in Alert alert)
    {
        PacketAction action = alert.Filtered ? p.Action : alert.Action;
        return (action & PacketAction.AnyReject) != 0 || (action & PacketAction.Drop) != 0 && (options.InLine || alert.Filtered);
    }

    private void VerdictObject(Packet p, Flow.Flow? flow)
    {
        _w.Open("verdict"u8);
        if ((p.Action & PacketAction.AnyReject) != 0)
        {
            _w.Text("action"u8, "drop"u8);
            _w.Text("reject-target"u8, (p.Action & PacketAction.RejectBoth) != 0 ? "both"u8 : ((p.Action & PacketAction.RejectDestination) != 0) == p.ToServer ? "to_server"u8 : "to_client"u8);
            _w.OpenArray("reject"u8);
            _w.Item(p.Protocol == 6 ? "tcp-reset"u8 : "icmp-prohib"u8);
            _w.CloseArray();
        }
        else if ((p.Action & PacketAction.Drop) != 0 && options.InLine) _w.Text("action"u8, "drop"u8);
        else if ((p.Action & PacketAction.Pass) != 0 || flow is { Passed: true }) _w.Text("action"u8, "pass"u8);
        else _w.Text("action"u8, "alert"u8);
        _w.Close();
    }

    private void AlertObject(Packet p, Rule rule, bool blocked)
    {
        _w.Open("alert"u8);
        _w.Text("action"u8, blocked ? "blocked"u8 : "allowed"u8);
        _w.Number("gid"u8, rule.Gid);
        _w.Number("signature_id"u8, rule.Sid);
        _w.Number("rev"u8, rule.Rev);
        _w.Text("signature"u8, rule.Message);
        _w.Text("category"u8, rule.Category);
        _w.Number("severity"u8, rule.Priority);
        if (rule.Target != null && p.IpVersion != 0)
        {
            bool source = rule.Target == "src_ip";
            Side("source"u8, source ? p.Destination : p.Source_, source ? p.DestinationPort : p.SourcePort, p.HasPorts);
            Side("target"u8, source ? p.Source_ : p.Destination, source ? p.SourcePort : p.DestinationPort, p.HasPorts);
        }
        if (options.RuleMetadata && rule.Metadata.Count > 0)
        {
            _w.Open("metadata"u8);
            foreach (var group in rule.Metadata.GroupBy(m => m.Key).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                _w.OpenArray(Encoding.UTF8.GetBytes(group.Key));
                foreach (var (_, value) in group) _w.Item(value);
                _w.CloseArray();
            }
            _w.Close();
        }
        if (options.RuleText) _w.Text("rule"u8, rule.Text);
        _w.Close();
    }

    private void Side(ReadOnlySpan<byte> key, IpAddress address, ushort port, bool hasPort)
    {
        _w.Open(key);
        _w.Address("ip"u8, address);
        if (hasPort) _w.Number("port"u8, port);
        _w.Close();
    }

    private void TunnelObject(Packet p)
    {
        // what was put together from fragments counts as carried by the last of them, which has no ports
        bool joined = p.Outer == null && p.Source == PacketSource.Defragmented;
        if ((joined ? p : p.Outer) is not { IpVersion: not 0 } outer) return;
        _w.Open("tunnel"u8);
        _w.Address("src_ip"u8, outer.Source_);
        _w.Number("src_port"u8, joined ? 0 : outer.SourcePort);
        _w.Address("dest_ip"u8, outer.Destination);
        _w.Number("dest_port"u8, joined ? 0 : outer.DestinationPort);
        Protocol(outer.Protocol);
        _w.Number("depth"u8, joined ? 0 : 1);
        if (outer.Number > 0 && options.ShowNumbers) _w.Number("pcap_cnt"u8, outer.Number);
        _w.Text("pkt_src"u8, "wire/pcap"u8);
        _w.Close();
    }

    private void AppProtocol(Flow.Flow flow, bool more = true)
    {
        AppProto protocol = flow.App.Protocol == AppProto.Unknown ? flow.App.Original : flow.App.Protocol;
        if (protocol != AppProto.Unknown) _w.Text("app_proto"u8, AppProtoNames.Name(protocol));
        if (!more) return;
        AppState app = flow.App;
        if (app.ToServer != AppProto.Unknown && app.ToServer != protocol) _w.Text("app_proto_ts"u8, AppProtoNames.Name(app.ToServer));
        if (app.ToClient != AppProto.Unknown && app.ToClient != protocol) _w.Text("app_proto_tc"u8, AppProtoNames.Name(app.ToClient));
        if (app.Original != AppProto.Unknown && app.Original != protocol) _w.Text("app_proto_orig"u8, AppProtoNames.Name(app.Original));
        if (app.Wanted != AppProto.Unknown && app.Wanted != protocol) _w.Text("app_proto_expected"u8, AppProtoNames.Name(app.Wanted));
    }

    private void AlertFlow(Flow.Flow flow)
    {
        _w.Open("flow"u8);
        _w.Number("pkts_toserver"u8, flow.PacketsToServer);
        _w.Number("pkts_toclient"u8, flow.PacketsToClient);
        _w.Number("bytes_toserver"u8, flow.BytesToServer);
        _w.Number("bytes_toclient"u8, flow.BytesToClient);
        _w.Time("start"u8, flow.StartTime);
        _w.Address("src_ip"u8, flow.Client);
        _w.Address("dest_ip"u8, flow.Server);
        if (flow.Protocol is 6 or 17 or 132)
        {
            _w.Number("src_port"u8, flow.ClientPort);
            _w.Number("dest_port"u8, flow.ServerPort);
        }
        _w.Close();
    }

    private readonly Memory.SlidingBuffer _payload = new();

    private void PayloadObject(Packet p, Flow.Flow? flow, bool fromStream)
    {
        ReadOnlySpan<byte> bytes = p.Payload;
        if (fromStream && flow?.Tcp is { } session)
        {
            StreamBytes(p.ToServer ? session.Client : session.Server);
            if (_payload.Length > 0) bytes = _payload.Span;
        }
        bytes = bytes[..Math.Min(bytes.Length, options.PayloadBufferSize)];
        if (!bytes.IsEmpty)
        {
            if (options.Payload) _w.Base64("payload"u8, bytes);
            if (options.PayloadPrintable) _w.Printable("payload_printable"u8, bytes);
        }
        _w.Number("stream"u8, fromStream ? 1 : 0);
    }

    /// <summary>What is still there of a stream, with a note in the place of what never came.</summary>
    private void StreamBytes(TcpStream stream)
    {
        _payload.Clear();
        uint at = stream.Base;
        for (int i = 0; i < stream.SegmentCount && _payload.Length < options.PayloadBufferSize; i++)
        {
            Segment segment = stream.Segments[i];
            if ((int)(segment.End - at) <= 0) continue;
            if ((int)(segment.Sequence - at) > 0)
            {
                _payload.Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[{segment.Sequence - at} bytes missing]")));
                at = segment.Sequence;
            }
            _payload.Append(stream.Slice(at, segment.End));
            at = segment.End;
        }
    }

    private void PacketObject(Packet p)
    {
        if (p.Source == PacketSource.StreamEnd || p.Length == 0) return;
        _w.Base64("packet"u8, p.Frame);
        _w.Open("packet_info"u8);
        _w.Number("linktype"u8, p.LinkType);
        _w.Close();
    }

    /// <summary>The ftp type stands for data connections too.</summary>
    public bool WantsType(AppProto protocol) => options.Enabled && (options.Types.Count == 0 || options.Types.Contains(AppProtoNames.Name(protocol == AppProto.FtpData ? AppProto.Ftp : protocol)));
}

internal sealed class EveCounters
{
    public long Records;
}
