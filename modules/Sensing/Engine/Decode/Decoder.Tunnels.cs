namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
    /// <summary><paramref name="strip"/>: bytes of the tunnel's own header that belong to the inner packet as it is shown.</summary>
    private void Tunnel(Packet outer, byte kind, ushort etherType, int at, int end, int strip = 0, ushort vlan = 0)
    {
        if (TooDeep(outer)) return;
        outer.Marks |= PacketMarks.TunnelRoot;
        Packet inner = NewInner(outer, PacketSource.Tunnel);
        inner.Outer = outer;
        inner.TunnelKind = kind;
        inner.RecursionLevel = outer.RecursionLevel + 1;
        inner.Offset = at;
        inner.Length = end - at;
        inner.LinkType = etherType == 0x6558 ? 1 : 101;
        if (vlan != 0 && inner.VlanCount == 0)
        {
            inner.Vlan0 = vlan;
            inner.VlanCount = 1;
        }
        if (etherType == 0x6558) Ethernet(inner, at + strip, end);
        else Network(inner, etherType, at + strip, end);
        Count(inner);
        Inner.Add(inner);
    }

    private void IpInIp(Packet p, int at, int end, int version)
    {
        if (p.IpVersion == 6)
        {
            int least = version == 4 ? 20 : 40;
            if (end - at < least)
            {
                p.AddEvent(version == 4 ? DecodeEvent.Ipv6Ipv4InIpv6TooSmall : DecodeEvent.Ipv6Ipv6InIpv6TooSmall);
                return;
            }
            if (p.Data[at] >> 4 != version)
            {
                p.AddEvent(version == 4 ? DecodeEvent.Ipv6Ipv4InIpv6WrongVersion : DecodeEvent.Ipv6Ipv6InIpv6WrongVersion);
                return;
            }
            if (version == 4) counters.Ipv4InIpv6++;
            else counters.Ipv6InIpv6++;
        }
        Tunnel(p, p.IpVersion == 6 ? (byte)7 : (byte)1, version == 4 ? (ushort)0x0800 : (ushort)0x86dd, at, end);
    }

    private void Gre(Packet p, int at, int end)
    {
        counters.Gre++;
        if (end - at < 4)
        {
            Fault(p, DecodeEvent.GrePktTooSmall);
            return;
        }
        byte flags = p.Data[at], low = p.Data[at + 1];
        int version = low & 7;
        ushort protocol = U16(p, at + 2);
        int header = 4;
        if (version == 0)
        {
            if ((flags & 7) != 0)
            {
                Fault(p, DecodeEvent.GreVersion0Recur);
                return;
            }
            if ((low & 0xf8) != 0)
            {
                Fault(p, DecodeEvent.GreVersion0Flags);
                return;
            }
            if ((flags & 0xc0) != 0) header += 4;
            if ((flags & 0x20) != 0) header += 4;
            if ((flags & 0x10) != 0) header += 4;
            if (header > end - at)
            {
                Fault(p, DecodeEvent.GreVersion0HdrTooBig);
                return;
            }
            if ((flags & 0x40) != 0)
            {
                while (true)
                {
                    if (header + 4 > end - at)
                    {
                        Fault(p, DecodeEvent.GreVersion0MalformedSreHdr);
                        return;
                    }
                    int size = p.Data[at + header + 3];
                    ushort family = U16(p, at + header);
                    header += 4;
                    if (family == 0 && size == 0) break;
                    header += size;
                    if (header > end - at)
                    {
                        Fault(p, DecodeEvent.GreVersion0MalformedSreHdr);
                        return;
                    }
                }
            }
        }
        else if (version == 1)
        {
            if ((flags & 0x80) != 0)
            {
                Fault(p, DecodeEvent.GreVersion1Chksum);
                return;
            }
            if ((flags & 0x40) != 0)
            {
                Fault(p, DecodeEvent.GreVersion1Route);
                return;
            }
            if ((flags & 0x08) != 0)
            {
                Fault(p, DecodeEvent.GreVersion1Ssr);
                return;
            }
            if ((flags & 7) != 0)
            {
                Fault(p, DecodeEvent.GreVersion1Recur);
                return;
            }
            if ((flags & 0x20) == 0)
            {
                Fault(p, DecodeEvent.GreVersion1NoKey);
                return;
            }
            if (protocol != 0x880b)
            {
                Fault(p, DecodeEvent.GreVersion1WrongProtocol);
                return;
            }
            header += 4;
            if ((flags & 0x10) != 0) header += 4;
            if ((low & 0x80) != 0) header += 4;
            if (header > end - at)
            {
                Fault(p, DecodeEvent.GreVersion1HdrTooBig);
                return;
            }
        }
        else
        {
            Fault(p, DecodeEvent.GreWrongVersion);
            return;
        }
        int body = at + header;
        switch (protocol)
        {
            case 0x0800 or 0x86dd or 0x8100 or 0x6558:
                Tunnel(p, 2, protocol, body, end);
                break;
            case 0x880b:
                PppTunnel(p, body, end);
                break;
            case 0x88be:
                Erspan(p, (flags & 0x10) != 0, body, end);
                break;
            case 0x22eb:
                counters.Erspan++;
                break;
        }
    }

    private void PppTunnel(Packet p, int at, int end)
    {
        if (TooDeep(p)) return;
        p.Marks |= PacketMarks.TunnelRoot;
        Packet inner = NewInner(p, PacketSource.Tunnel);
        inner.Outer = p;
        inner.TunnelKind = 2;
        inner.RecursionLevel = p.RecursionLevel + 1;
        inner.Offset = at;
        inner.Length = end - at;
        inner.LinkType = 9;
        Ppp(inner, at, end);
        Count(inner);
        Inner.Add(inner);
    }

    private void Erspan(Packet p, bool typeTwo, int at, int end)
    {
        counters.Erspan++;
        if (!typeTwo)
        {
            Tunnel(p, 2, 0x6558, at, end);
            return;
        }
        if (end - at < 8)
        {
            Fault(p, DecodeEvent.ErspanHeaderTooSmall);
            return;
        }
        if (p.Data[at] >> 4 != 1)
        {
            Fault(p, DecodeEvent.ErspanUnsupportedVersion);
            return;
        }
        Tunnel(p, 2, 0x6558, at, end, 8, (ushort)(U16(p, at) & 0x0fff));
    }

    private void UdpTunnels(Packet p, int at, int end)
    {
        if (options.Vxlan && (options.VxlanPorts.Contains(p.DestinationPort) || options.VxlanPorts.Contains(p.SourcePort)) && end - at >= 8 + 14)
        {
            if ((p.Data[at] & 0x08) == 0) return;
            ushort type = U16(p, at + 8 + 12);
            if (type is 0x0800 or 0x86dd or 0x8100 or 0x88a8 or 0x9100 or 0x0806)
            {
                counters.Vxlan++;
                Tunnel(p, 4, 0x6558, at + 8, end);
            }
            else p.AddEvent(DecodeEvent.VxlanUnknownPayloadType);
        }
        else if (options.Geneve && options.GenevePorts.Contains(p.DestinationPort) && end - at >= 8)
        {
            if (p.Data[at] >> 6 != 0) return;
            int header = 8 + (p.Data[at] & 0x3f) * 4;
            if (header > end - at) return;
            ushort type = U16(p, at + 2);
            if (type is 0x6558 or 0x0800 or 0x86dd)
            {
                counters.Geneve++;
                Tunnel(p, 5, type, at + header, end);
            }
            else p.AddEvent(DecodeEvent.GeneveUnknownPayloadType);
        }
        else if (options.Teredo && (options.TeredoPorts.Contains(p.DestinationPort) || options.TeredoPorts.Contains(p.SourcePort)))
        {
            Teredo(p, at, end);
        }
    }

    private void Teredo(Packet p, int at, int end)
    {
        if (end - at < 40) return;
        if (p.Data[at] == 0)
        {
            if (p.Data[at + 1] == 1)
            {
                int skip = 4 + p.Data[at + 2] + p.Data[at + 3] + 9;
                if (end - at < skip + 40) return;
                at += skip;
            }
            if (p.Data[at] == 0 && p.Data[at + 1] == 0)
            {
                at += 8;
                if (end - at < 40) return;
            }
        }
        if (p.Data[at] >> 4 != 6) return;
        int payload = U16(p, at + 4);
        byte next = p.Data[at + 6];
        if (payload + 40 != end - at) return;
        if (next is not (0 or 6 or 17 or 43 or 44 or 50 or 51 or 58 or 59 or 60 or 132)) return;
        counters.Teredo++;
        Tunnel(p, 6, 0x86dd, at, end);
    }
}
