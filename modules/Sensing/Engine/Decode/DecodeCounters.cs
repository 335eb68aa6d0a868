namespace Appliance.Sensing.Engine.Decode;

/// <summary>What the decoder has seen, by the names of Suricata's stats record.</summary>
internal sealed class DecodeCounters
{
    public long Packets, Bytes, Invalid, Ipv4, Ipv6, Ethernet, Arp, UnknownEtherType, Raw, Null, Sll, Sll2, Tcp, Udp, Sctp, Esp, Icmpv4, Icmpv6, Ppp, Pppoe,
        Geneve, Gre, Vlan, VlanQinq, Vxlan, Teredo, Ipv4InIpv6, Ipv6InIpv6, Mpls, Erspan, Chdlc, Vntag, Ieee8021Ah, MaxPacket, TooManyLayers;
    public long FragmentsV4, FragmentsV6, ReassembledV4, ReassembledV6, DefragDrops;
    public readonly long[] Events = new long[Enum.GetValues<DecodeEvent>().Length];
}
