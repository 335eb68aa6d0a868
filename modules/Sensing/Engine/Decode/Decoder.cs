using System.Buffers.Binary;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Decode;

internal sealed record DecodeOptions
{
    public bool Teredo { get; init; } = true;
    public PortList TeredoPorts { get; init; } = PortList.One(3544);
    public bool Vxlan { get; init; } = true;
    public PortList VxlanPorts { get; init; } = PortList.One(4789);
    public bool Geneve { get; init; } = true;
    public PortList GenevePorts { get; init; } = PortList.One(6081);
    public int MaxLayers { get; init; } = 16;
    public long DefragMemcap { get; init; } = 32L << 20;
    /// <summary>Datagrams that may be under way at once.</summary>
    public int MaxTrackers { get; init; } = 65535;
    public Flow.ExceptionPolicy MemcapPolicy { get; init; }
    public int DefragTimeoutSeconds { get; init; } = 60;
    public DefragPolicies Policies { get; init; } = new();
}

internal sealed record PortList(ushort[] Ports)
{
    public static PortList One(ushort port) => new([port]);
    public bool Contains(ushort port) => System.Array.IndexOf(Ports, port) >= 0;
}

/// <summary>From link layer to payload. Every length is checked before it is used; a fault is an event on the packet, never an exception.</summary>
internal sealed partial class Decoder(DecodeOptions options, DecodeCounters counters)
{
    private readonly Pool<Packet> _packets = new(64);
    private readonly Defragmenter _defragmenter = new(options, counters);

    /// <summary>Packets found inside the one just decoded: tunnel payloads and datagrams put together from fragments, in order.</summary>
    public List<Packet> Inner { get; } = new(8);

    public void UseMemcap(long bytes) => _defragmenter.UseMemcap(bytes);

    public void Recycle()
    {
        foreach (Packet packet in Inner) _packets.Give(packet);
        Inner.Clear();
    }

    public void Decode(in RawPacket raw, Packet p, long number)
    {
        p.Reset();
        p.Data = raw.Buffer;
        p.Offset = raw.Offset;
        p.Length = raw.Length;
        p.WireLength = raw.WireLength;
        p.LinkType = raw.LinkType;
        p.Time = raw.Time;
        p.Number = number;
        counters.Packets++;
        counters.Bytes += raw.Length;
        if (raw.Length > counters.MaxPacket) counters.MaxPacket = raw.Length;
        Link(p, raw.LinkType, p.Offset, p.Offset + p.Length);
        Count(p);
    }

    private void Count(Packet p)
    {
        for (int i = 0; i < p.EventCount; i++) counters.Events[p.Events[i]]++;
        if (p.Is(PacketMarks.Invalid)) counters.Invalid++;
    }

    private static void Fault(Packet p, DecodeEvent e)
    {
        p.AddEvent(e);
        p.Marks |= PacketMarks.Invalid;
    }

    private void Link(Packet p, int type, int at, int end)
    {
        switch (type)
        {
            case 1:
                p.EthernetOffset = at;
                counters.Ethernet++;
                Ethernet(p, at, end);
                break;
            case 12 or 14 or 101 or 228 or 229:
                counters.Raw++;
                RawIp(p, at, end);
                break;
            case 0 or 108:
                counters.Null++;
                if (end - at < 4)
                {
                    Fault(p, DecodeEvent.LtnullPktTooSmall);
                    return;
                }
                uint family = BinaryPrimitives.ReadUInt32LittleEndian(p.Data.AsSpan(at));
                if (family > 0xffff) family = BinaryPrimitives.ReverseEndianness(family);
                if (family == 2) Ipv4(p, at + 4, end);
                else if (family is 10 or 23 or 24 or 28 or 30) Ipv6(p, at + 4, end);
                else Fault(p, DecodeEvent.LtnullUnsupportedType);
                break;
            case 113:
                counters.Sll++;
                if (end - at < 16)
                {
                    Fault(p, DecodeEvent.SllPktTooSmall);
                    return;
                }
                Network(p, U16(p, at + 14), at + 16, end);
                break;
            case 276:
                counters.Sll2++;
                if (end - at < 20)
                {
                    Fault(p, DecodeEvent.SllPktTooSmall);
                    return;
                }
                Network(p, U16(p, at), at + 20, end);
                break;
            case 9 or 50 or 51:
                Ppp(p, at, end);
                break;
            case 104:
                counters.Chdlc++;
                if (end - at < 4)
                {
                    Fault(p, DecodeEvent.ChdlcPktTooSmall);
                    return;
                }
                Network(p, U16(p, at + 2), at + 4, end);
                break;
            default:
                p.Marks |= PacketMarks.Invalid;
                break;
        }
    }

    private static ushort U16(Packet p, int at) => BinaryPrimitives.ReadUInt16BigEndian(p.Data.AsSpan(at));
    private static uint U32(Packet p, int at) => BinaryPrimitives.ReadUInt32BigEndian(p.Data.AsSpan(at));

    private void Ethernet(Packet p, int at, int end)
    {
        if (end - at < 14)
        {
            Fault(p, DecodeEvent.EthernetPktTooSmall);
            return;
        }
        p.EtherType = U16(p, at + 12);
        Network(p, p.EtherType, at + 14, end);
    }

    private void Network(Packet p, ushort type, int at, int end)
    {
        if (++p.RecursionLevel > options.MaxLayers)
        {
            counters.TooManyLayers++;
            Fault(p, DecodeEvent.TooManyLayers);
            return;
        }
        switch (type)
        {
            case 0x0800:
                Ipv4(p, at, end);
                break;
            case 0x86dd:
                Ipv6(p, at, end);
                break;
            case 0x8100 or 0x88a8 or 0x9100:
                Vlan(p, type, at, end);
                break;
            case 0x8864:
                PppoeSession(p, at, end);
                break;
            case 0x8863:
                counters.Pppoe++;
                if (end - at < 6) Fault(p, DecodeEvent.PppoePktTooSmall);
                break;
            case 0x8847 or 0x8848:
                Mpls(p, at, end);
                break;
            case 0x6558:
                Ethernet(p, at, end);
                break;
            case 0x8903: // FabricPath: two bytes, then a whole frame
                if (end - at < 2 + 14) Fault(p, DecodeEvent.DcePktTooSmall);
                else Ethernet(p, at + 2, end);
                break;
            case 0x0806:
                counters.Arp++;
                break;
            case 0x88e7:
                counters.Ieee8021Ah++;
                if (end - at < 18) Fault(p, DecodeEvent.Ieee8021AhHeaderTooSmall);
                else Network(p, U16(p, at + 16), at + 18, end);
                break;
            case 0x8926:
                counters.Vntag++;
                if (end - at < 6) Fault(p, DecodeEvent.VntagHeaderTooSmall);
                else Network(p, U16(p, at + 4), at + 6, end);
                break;
            default:
                counters.UnknownEtherType++;
                break;
        }
    }

    private void Vlan(Packet p, ushort type, int at, int end)
    {
        if (type == 0x8100) counters.Vlan++;
        else counters.VlanQinq++;
        if (end - at < 4)
        {
            Fault(p, DecodeEvent.VlanHeaderTooSmall);
            return;
        }
        if (p.VlanCount > 2)
        {
            Fault(p, DecodeEvent.VlanTooManyLayers);
            return;
        }
        ushort id = (ushort)(U16(p, at) & 0x0fff);
        if (p.VlanCount == 0) p.Vlan0 = id;
        else if (p.VlanCount == 1) p.Vlan1 = id;
        else p.Vlan2 = id;
        p.VlanCount++;
        long unknown = counters.UnknownEtherType;
        ushort inner = U16(p, at + 2);
        Network(p, inner, at + 4, end);
        // the tag right before it tells, no tag further out
        if (counters.UnknownEtherType > unknown && inner is not (0x8100 or 0x88a8 or 0x9100 or 0x88e7 or 0x8926 or 0x8903 or 0x6558)) Fault(p, DecodeEvent.VlanUnknownType);
    }

    private void Mpls(Packet p, int at, int end)
    {
        counters.Mpls++;
        while (true)
        {
            if (end - at < 4)
            {
                Fault(p, DecodeEvent.MplsHeaderTooSmall);
                return;
            }
            uint shim = U32(p, at);
            at += 4;
            if ((shim & 0x100) == 0) continue;
            uint label = shim >> 12;
            switch (label)
            {
                case 0:
                    Ipv4(p, at, end);
                    return;
                case 1:
                    Fault(p, DecodeEvent.MplsBadLabelRouterAlert);
                    return;
                case 2:
                    Ipv6(p, at, end);
                    return;
                case 3:
                    Fault(p, DecodeEvent.MplsBadLabelImplicitNull);
                    return;
                case < 16:
                    Fault(p, DecodeEvent.MplsBadLabelReserved);
                    return;
            }
            if (end - at < 4)
            {
                Fault(p, DecodeEvent.MplsPktTooSmall);
                return;
            }
            switch (p.Data[at] >> 4)
            {
                case 4: Ipv4(p, at, end); break;
                case 6: Ipv6(p, at, end); break;
                case 0: Ethernet(p, at + 4, end); break;
                default: Fault(p, DecodeEvent.MplsUnknownPayloadType); break;
            }
            return;
        }
    }

    private void PppoeSession(Packet p, int at, int end)
    {
        counters.Pppoe++;
        if (end - at < 8)
        {
            Fault(p, DecodeEvent.PppoePktTooSmall);
            return;
        }
        PppPayload(p, U16(p, at + 6), at + 8, end);
    }

    private void Ppp(Packet p, int at, int end)
    {
        counters.Ppp++;
        if (end - at < 4)
        {
            Fault(p, DecodeEvent.PppPktTooSmall);
            return;
        }
        if (p.Data[at] == 0xff && p.Data[at + 1] == 0x03) PppPayload(p, U16(p, at + 2), at + 4, end);
        else if ((p.Data[at] & 1) != 0) PppPayload(p, p.Data[at], at + 1, end);
        else PppPayload(p, U16(p, at), at + 2, end);
    }

    private void PppPayload(Packet p, ushort protocol, int at, int end)
    {
        switch (protocol)
        {
            case 0x0021:
                if (end - at < 20) Fault(p, DecodeEvent.PppIp4PktTooSmall);
                else Ipv4(p, at, end);
                break;
            case 0x0057:
                if (end - at < 40) Fault(p, DecodeEvent.PppIp6PktTooSmall);
                else Ipv6(p, at, end);
                break;
            case 0x002f:
                if (end - at < 20) Fault(p, DecodeEvent.PppVjuPktTooSmall);
                else if (p.Data[at] >> 4 == 4) Ipv4(p, at, end);
                break;
            case 0x0281:
                Mpls(p, at, end);
                break;
            case 0xc021 or 0xc023 or 0xc025 or 0xc223 or 0x8021 or 0x8057 or 0x80fd or 0x00fd or 0x002d:
                p.AddEvent(DecodeEvent.PppUnsupProto);
                break;
            default:
                Fault(p, DecodeEvent.PppWrongType);
                break;
        }
    }

    private void RawIp(Packet p, int at, int end)
    {
        if (end - at < 20)
        {
            Fault(p, DecodeEvent.Ipv4PktTooSmall);
            return;
        }
        int version = p.Data[at] >> 4;
        if (version == 4) Ipv4(p, at, end);
        else if (version == 6) Ipv6(p, at, end);
        else Fault(p, DecodeEvent.IprawInvalidIpVersion);
    }

    private Packet NewInner(Packet outer, PacketSource source)
    {
        Packet inner = _packets.Take();
        inner.InheritFrom(outer);
        inner.Source = source;
        return inner;
    }

    private bool TooDeep(Packet p)
    {
        if (p.RecursionLevel + 1 <= options.MaxLayers && Inner.Count < 32) return false;
        counters.TooManyLayers++;
        p.AddEvent(DecodeEvent.TooManyLayers);
        return true;
    }
}
