namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
    private void Icmp4(Packet p, int at, int end)
    {
        counters.Icmpv4++;
        if (end - at < 8)
        {
            Fault(p, DecodeEvent.Icmpv4PktTooSmall);
            return;
        }
        p.HasIcmp = true;
        p.IcmpType = p.Data[at];
        p.IcmpCode = p.Data[at + 1];
        p.IcmpId = U16(p, at + 4);
        p.IcmpSequence = U16(p, at + 6);
        p.PayloadOffset = at + 4;
        p.PayloadLength = end - at - 4;
        if (!CodeIsKnown(p)) p.AddEvent(DecodeEvent.Icmpv4UnknownCode);
        switch (p.IcmpType)
        {
            case 0 or 8 or 13 or 14 or 15 or 16 or 17 or 18:
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
                break;
            case 3 or 4 or 5 or 11 or 12:
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
                if (!CodeIsKnown(p)) break;
                if (end - at - 8 < 20) p.AddEvent(DecodeEvent.Icmpv4Ipv4TruncPkt);
                else if (p.Data[at + 8] >> 4 != 4) p.AddEvent(DecodeEvent.Icmpv4Ipv4UnknownVer);
                else p.EmbeddedIpOffset = at + 8;
                break;
            case 9 or 10:
                break;
            default:
                p.AddEvent(DecodeEvent.Icmpv4UnknownType);
                break;
        }
    }

    /// <summary>Codes that the type has (RFC 792, RFC 1122, RFC 1812).</summary>
    private static bool CodeIsKnown(Packet p) => p.IcmpType switch
    {
        0 or 4 or 8 or 13 or 14 or 15 or 16 or 17 or 18 => p.IcmpCode == 0,
        3 => p.IcmpCode <= 15,
        5 => p.IcmpCode <= 3,
        11 => p.IcmpCode <= 1,
        12 => p.IcmpCode <= 2,
        _ => true,
    };

    private void Icmp6(Packet p, int at, int end)
    {
        counters.Icmpv6++;
        if (end - at < 8)
        {
            Fault(p, DecodeEvent.Icmpv6PktTooSmall);
            return;
        }
        p.HasIcmp = true;
        p.IcmpType = p.Data[at];
        p.IcmpCode = p.Data[at + 1];
        p.PayloadOffset = at + 4;
        p.PayloadLength = end - at - 4;
        switch (p.IcmpType)
        {
            case 128 or 129:
                p.IcmpId = U16(p, at + 4);
                p.IcmpSequence = U16(p, at + 6);
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
                if (p.IcmpCode != 0) p.AddEvent(DecodeEvent.Icmpv6UnknownCode);
                break;
            case 1 or 2 or 3 or 4:
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
                if (p.IcmpType == 2) p.IcmpMtu = (int)Math.Min(U32(p, at + 4), int.MaxValue);
                if (end - at - 8 < 40) p.AddEvent(DecodeEvent.Icmpv6Ipv6TruncPkt);
                else if (p.Data[at + 8] >> 4 != 6) p.AddEvent(DecodeEvent.Icmpv6Ipv6UnknownVersion);
                else p.EmbeddedIpOffset = at + 8;
                break;
            case 130 or 131 or 132:
                if (p.Ttl != 1) p.AddEvent(DecodeEvent.Icmpv6MldMessageWithInvalidHl);
                break;
            case 0:
                p.AddEvent(DecodeEvent.Icmpv6UnassignedType);
                break;
            case 100 or 101 or 200 or 201:
                p.AddEvent(DecodeEvent.Icmpv6ExperimentationType);
                break;
            case > 155 and < 200 or > 4 and < 100 or > 101 and < 127 or > 201 and < 255:
                p.AddEvent(DecodeEvent.Icmpv6UnassignedType);
                break;
        }
    }
}
