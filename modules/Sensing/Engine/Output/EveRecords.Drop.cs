using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Records of packets that did not go through.</summary>
internal sealed partial class EveRecords
{
    /// <summary>One record per dropped packet, or one per flow and direction, as configured.</summary>
    public void Drop(Packet p, Flow.Flow? flow)
    {
        if (!options.Drops || !options.Enabled || !DropIsDue(p, flow)) return;
        Header(p, flow, "drop"u8, false, true);
        _w.Open("drop"u8);
        PacketHead(p);
        _w.Text("reason"u8, ReasonName(p.DropReason));
        _w.Close();
        if (options.DropVerdict) VerdictObject(p, flow);
        if (options.DropAlerts && p.DropRule >= 0 && _rules != null && p.DropRule < _rules.Rules.Length) AlertObject(p, _rules.Rules[p.DropRule], true);
        Send(EveStream.Alerts);
    }

    private void PacketHead(Packet p)
    {
        _w.Number("len"u8, p.IpLength);
        if (p.IpVersion == 4)
        {
            _w.Number("tos"u8, p.Tos);
            _w.Number("ttl"u8, p.Ttl);
            _w.Number("ipid"u8, p.IpId);
        }
        else if (p.IpVersion == 6)
        {
            _w.Number("tc"u8, p.Tos);
            _w.Number("hoplimit"u8, p.Ttl);
            _w.Number("flowlbl"u8, (p.Data[p.IpOffset + 1] & 15) << 16 | p.Data[p.IpOffset + 2] << 8 | p.Data[p.IpOffset + 3]);
        }
        if (p.Protocol == 6 && p.HasPorts)
        {
            _w.Number("tcpseq"u8, p.Sequence);
            _w.Number("tcpack"u8, p.Acknowledgement);
            _w.Number("tcpwin"u8, p.Window);
            _w.Bool("syn"u8, (p.TcpFlags & 2) != 0);
            _w.Bool("ack"u8, (p.TcpFlags & 16) != 0);
            _w.Bool("psh"u8, (p.TcpFlags & 8) != 0);
            _w.Bool("rst"u8, (p.TcpFlags & 4) != 0);
            _w.Bool("urg"u8, (p.TcpFlags & 32) != 0);
            _w.Bool("fin"u8, (p.TcpFlags & 1) != 0);
            _w.Number("tcpres"u8, 0);
            _w.Number("tcpurgp"u8, p.Data[p.TransportOffset + 18] << 8 | p.Data[p.TransportOffset + 19]);
        }
        else if (p.Protocol == 17 && p.HasPorts) _w.Number("udplen"u8, p.TransportLength);
        else if (p.HasIcmp)
        {
            _w.Number("icmp_id"u8, p.IcmpId);
            _w.Number("icmp_seq"u8, p.IcmpSequence);
        }
    }

    private bool DropIsDue(Packet p, Flow.Flow? flow)
    {
        if (options.DropEveryPacket || flow == null || !flow.Dropped) return true;
        bool due = p.DropRule >= 0 || !(p.ToServer ? flow.DropLoggedToServer : flow.DropLoggedToClient);
        if (p.ToServer) flow.DropLoggedToServer = true;
        else flow.DropLoggedToClient = true;
        return due;
    }

    private static ReadOnlySpan<byte> ReasonName(DropReason reason) => reason switch
    {
        DropReason.DecodeError => "decode error"u8,
        DropReason.DefragError => "defrag error"u8,
        DropReason.DefragMemcap => "defrag memcap"u8,
        DropReason.FlowMemcap => "flow memcap"u8,
        DropReason.FlowDrop => "flow drop"u8,
        DropReason.AppLayerError => "applayer error"u8,
        DropReason.AppLayerMemcap => "applayer memcap"u8,
        DropReason.Rules => "rules"u8,
        DropReason.Threshold => "threshold detection_filter"u8,
        DropReason.StreamError => "stream error"u8,
        DropReason.StreamMemcap => "stream memcap"u8,
        DropReason.StreamMidstream => "stream midstream"u8,
        DropReason.StreamReassembly => "stream reassembly"u8,
        DropReason.TunnelPacketDrop => "tunnel packet drop"u8,
        _ => "unknown"u8,
    };

    private void MacSets(MacSet macs, bool toServer = true)
    {
        _w.Open("ether"u8);
        MacList("src_macs"u8, toServer ? macs.Client : macs.Server);
        MacList("dest_macs"u8, toServer ? macs.Server : macs.Client);
        _w.Close();
    }

    private void MacList(ReadOnlySpan<byte> key, IReadOnlyList<ulong> macs)
    {
        if (macs.Count == 0) return;
        Span<byte> bytes = stackalloc byte[8];
        _w.OpenArray(key);
        for (int i = 0; i < macs.Count; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, macs[i]);
            _w.Item(Mac(bytes[2..]));
        }
        _w.CloseArray();
    }
}
