using System.Buffers.Binary;

namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
    private void Ipv4(Packet p, int at, int end)
    {
        counters.Ipv4++;
        int have = end - at;
        if (have < 20)
        {
            Fault(p, DecodeEvent.Ipv4PktTooSmall);
            return;
        }
        if (p.Data[at] >> 4 != 4)
        {
            Fault(p, DecodeEvent.Ipv4WrongIpVersion);
            return;
        }
        int header = (p.Data[at] & 15) * 4;
        int total = U16(p, at + 2);
        if (header < 20)
        {
            Fault(p, DecodeEvent.Ipv4HlenTooSmall);
            return;
        }
        if (total < header)
        {
            Fault(p, DecodeEvent.Ipv4IplenSmallerThanHlen);
            return;
        }
        if (have < total)
        {
            Fault(p, DecodeEvent.Ipv4TruncPkt);
            return;
        }
        p.IpVersion = 4;
        p.IpOffset = at;
        p.IpHeaderLength = header;
        p.IpLength = total;
        p.Tos = p.Data[at + 1];
        p.IpId = U16(p, at + 4);
        ushort fragment = U16(p, at + 6);
        p.FragmentOffset = (ushort)(fragment & 0x1fff);
        p.FragmentBits = (byte)(((fragment & 0x2000) != 0 ? 1 : 0) | ((fragment & 0x4000) != 0 ? 2 : 0) | ((fragment & 0x8000) != 0 ? 4 : 0));
        p.Ttl = p.Data[at + 8];
        p.Protocol = p.Data[at + 9];
        p.Source_ = IpAddress.ReadV4(p.Data.AsSpan(at + 12));
        p.Destination = IpAddress.ReadV4(p.Data.AsSpan(at + 16));
        if (header > 20) Ipv4Options(p, at + 20, at + header);
        int stop = at + total;
        if (p.FragmentOffset > 0 || (p.FragmentBits & 1) != 0)
        {
            p.Marks |= PacketMarks.Fragment;
            p.PayloadOffset = at + header;
            p.PayloadLength = stop - at - header;
            counters.FragmentsV4++;
            byte[]? whole = _defragmenter.Add(p, p.FragmentOffset * 8, (p.FragmentBits & 1) != 0, p.Data.AsSpan(at + header, total - header),
                p.Data.AsSpan(at, header), p.IpId, p.Protocol, out int length);
            if (whole == null || TooDeep(p)) return;
            counters.ReassembledV4++;
            Packet joined = NewInner(p, PacketSource.Defragmented);
            joined.Data = whole;
            joined.Offset = 0;
            joined.Length = length;
            joined.LinkType = 101;
            joined.RecursionLevel = p.RecursionLevel + 1;
            Ipv4(joined, 0, length);
            Count(joined);
            Inner.Add(joined);
            return;
        }
        Transport(p, p.Protocol, at + header, stop);
    }

    private static void Ipv4Options(Packet p, int at, int end)
    {
        ulong seen = 0;
        while (at < end)
        {
            byte kind = p.Data[at];
            if (kind == 0) break;
            if (kind == 1)
            {
                at++;
                continue;
            }
            if (at + 1 >= end)
            {
                p.AddEvent(DecodeEvent.Ipv4OptEolRequired);
                break;
            }
            int size = p.Data[at + 1];
            if (size < 2 || at + size > end)
            {
                p.AddEvent(DecodeEvent.Ipv4OptInvalidLen);
                break;
            }
            ulong bit = kind switch { 7 => 1, 68 => 2, 131 => 4, 137 => 8, 130 => 16, 136 => 32, 148 => 64, 134 => 128, 133 => 256, _ => 0 };
            if (bit == 0) p.AddEvent(DecodeEvent.Ipv4OptUnknown);
            else if ((seen & bit) != 0) p.AddEvent(DecodeEvent.Ipv4OptDuplicate);
            seen |= bit;
            at += size;
        }
        p.IpOptions = seen | 1UL << 32;
    }

    private void Ipv6(Packet p, int at, int end)
    {
        counters.Ipv6++;
        if (end - at < 40)
        {
            Fault(p, DecodeEvent.Ipv6PktTooSmall);
            return;
        }
        if (p.Data[at] >> 4 != 6)
        {
            Fault(p, DecodeEvent.Ipv6WrongIpVersion);
            return;
        }
        int payload = U16(p, at + 4);
        if (end - at < 40 + payload)
        {
            Fault(p, DecodeEvent.Ipv6TruncPkt);
            return;
        }
        p.IpVersion = 6;
        p.IpOffset = at;
        p.IpHeaderLength = 40;
        p.IpLength = 40 + payload;
        p.Tos = (byte)(U16(p, at) >> 4);
        p.Ttl = p.Data[at + 7];
        p.Source_ = IpAddress.ReadV6(p.Data.AsSpan(at + 8));
        p.Destination = IpAddress.ReadV6(p.Data.AsSpan(at + 24));
        Extensions(p, p.Data[at + 6], at + 40, at + 40 + payload);
    }

    private void Extensions(Packet p, byte next, int at, int end)
    {
        int start = p.IpOffset + 40;
        int unfragmentable = at;
        byte lastHeaderType = next;
        int lastNextField = p.IpOffset + 6;
        bool hopSeen = false, routeSeen = false, fragSeen = false, authSeen = false;
        int destinations = 0;
        for (int guard = 0; guard < 32; guard++)
        {
            p.Protocol = next;
            switch (next)
            {
                case 0 or 43 or 60:
                {
                    if (end - at < 8)
                    {
                        Fault(p, DecodeEvent.Ipv6TruncExthdr);
                        return;
                    }
                    int size = (p.Data[at + 1] + 1) * 8;
                    if (end - at < size)
                    {
                        Fault(p, DecodeEvent.Ipv6TruncExthdr);
                        return;
                    }
                    if (next == 0)
                    {
                        if (hopSeen) p.AddEvent(DecodeEvent.Ipv6ExthdrDuplHh);
                        hopSeen = true;
                        Ipv6Options(p, at + 2, at + size, true);
                    }
                    else if (next == 43)
                    {
                        if (routeSeen) p.AddEvent(DecodeEvent.Ipv6ExthdrDuplRh);
                        routeSeen = true;
                        if (p.Data[at + 2] == 0) p.AddEvent(DecodeEvent.Ipv6RhType0);
                    }
                    else
                    {
                        if (++destinations > 2) p.AddEvent(DecodeEvent.Ipv6ExthdrDuplDh);
                        Ipv6Options(p, at + 2, at + size, false);
                    }
                    lastNextField = at;
                    next = p.Data[at];
                    at += size;
                    if (!fragSeen) unfragmentable = at;
                    break;
                }
                case 44:
                {
                    if (end - at < 8)
                    {
                        Fault(p, DecodeEvent.Ipv6TruncExthdr);
                        return;
                    }
                    if (fragSeen)
                    {
                        p.AddEvent(DecodeEvent.Ipv6ExthdrDuplFh);
                        return;
                    }
                    fragSeen = true;
                    ushort word = U16(p, at + 2);
                    int offset = word & 0xfff8;
                    bool more = (word & 1) != 0;
                    uint id = U32(p, at + 4);
                    byte inner = p.Data[at];
                    if (p.Data[at + 1] != 0) p.AddEvent(DecodeEvent.Ipv6FhNonZeroReservedField);
                    if (offset == 0 && !more)
                    {
                        p.AddEvent(DecodeEvent.Ipv6ExthdrUselessFh);
                        lastNextField = at;
                        next = inner;
                        at += 8;
                        break;
                    }
                    Fragment6(p, inner, id, offset, more, at + 8, end, unfragmentable, lastNextField);
                    return;
                }
                case 51:
                {
                    if (end - at < 8)
                    {
                        Fault(p, DecodeEvent.Ipv6TruncExthdr);
                        return;
                    }
                    int size = (p.Data[at + 1] + 2) * 4;
                    if (end - at < size)
                    {
                        Fault(p, DecodeEvent.Ipv6TruncExthdr);
                        return;
                    }
                    if (authSeen) p.AddEvent(DecodeEvent.Ipv6ExthdrDuplAh);
                    authSeen = true;
                    if (U16(p, at + 2) != 0) p.AddEvent(DecodeEvent.Ipv6ExthdrAhResNotNull);
                    lastNextField = at;
                    next = p.Data[at];
                    at += size;
                    break;
                }
                case 59:
                    if (at < end) p.AddEvent(DecodeEvent.Ipv6DataAfterNoneHeader);
                    p.PayloadOffset = at;
                    p.PayloadLength = 0;
                    return;
                default:
                    p.IpHeaderLength = at - p.IpOffset;
                    Transport(p, next, at, end);
                    return;
            }
            lastHeaderType = next;
        }
        Fault(p, lastHeaderType == 0 || start == at ? DecodeEvent.Ipv6ExthdrDuplHh : DecodeEvent.Ipv6TruncExthdr);
    }

    private static void Ipv6Options(Packet p, int at, int end, bool hop)
    {
        bool other = false, unknown = false;
        int first = at;
        while (at < end)
        {
            byte kind = p.Data[at];
            if (kind == 0)
            {
                at++;
                continue;
            }
            if (at + 2 > end) break;
            int size = p.Data[at + 1];
            if (at + 2 + size > end)
            {
                p.AddEvent(DecodeEvent.Ipv6ExthdrInvalidOptlen);
                return;
            }
            if (kind == 1)
            {
                if (size == 0) p.AddEvent(DecodeEvent.Ipv6ZeroLenPadn);
            }
            else
            {
                other = true;
                if (kind is not (5 or 0xc2 or 0xc9)) unknown = true;
            }
            at += 2 + size;
        }
        if (unknown) p.AddEvent(hop ? DecodeEvent.Ipv6HopoptsUnknownOpt : DecodeEvent.Ipv6DstoptsUnknownOpt);
        if (!other && at > first) p.AddEvent(hop ? DecodeEvent.Ipv6HopoptsOnlyPadding : DecodeEvent.Ipv6DstoptsOnlyPadding);
    }

    private void Fragment6(Packet p, byte inner, uint id, int offset, bool more, int at, int end, int unfragmentable, int nextField)
    {
        p.Marks |= PacketMarks.Fragment;
        p.PayloadOffset = at;
        p.PayloadLength = end - at;
        counters.FragmentsV6++;
        if (more && (end - at) % 8 != 0) p.AddEvent(DecodeEvent.Ipv6FragInvalidLength);
        Span<byte> head = stackalloc byte[Math.Min(unfragmentable - p.IpOffset, 1024)];
        p.Data.AsSpan(p.IpOffset, head.Length).CopyTo(head);
        if (nextField - p.IpOffset < head.Length) head[nextField - p.IpOffset] = inner;
        byte[]? whole = _defragmenter.Add(p, offset, more, p.Data.AsSpan(at, end - at), head, id, inner, out int length);
        if (whole == null || TooDeep(p)) return;
        counters.ReassembledV6++;
        Packet joined = NewInner(p, PacketSource.Defragmented);
        joined.Data = whole;
        joined.Offset = 0;
        joined.Length = length;
        joined.LinkType = 101;
        joined.RecursionLevel = p.RecursionLevel + 1;
        Ipv6(joined, 0, length);
        Count(joined);
        Inner.Add(joined);
    }

    private void Transport(Packet p, byte protocol, int at, int end)
    {
        p.Protocol = protocol;
        p.TransportOffset = at;
        p.TransportLength = end - at;
        p.PayloadOffset = at;
        p.PayloadLength = end - at;
        switch (protocol)
        {
            case 6: Tcp(p, at, end); break;
            case 17: Udp(p, at, end); break;
            case 1:
                if (p.IpVersion == 6) p.AddEvent(DecodeEvent.Ipv6WithIcmpv4);
                else Icmp4(p, at, end);
                break;
            case 58:
                if (p.IpVersion == 4) p.AddEvent(DecodeEvent.Ipv4WithIcmpv6);
                else Icmp6(p, at, end);
                break;
            case 47: Gre(p, at, end); break;
            case 4: IpInIp(p, at, end, 4); break;
            case 41: IpInIp(p, at, end, 6); break;
            case 132:
                counters.Sctp++;
                if (end - at < 12) Fault(p, DecodeEvent.SctpPktTooSmall);
                else
                {
                    p.SourcePort = U16(p, at);
                    p.DestinationPort = U16(p, at + 2);
                    p.HasPorts = true;
                    p.PayloadOffset = at + 12;
                    p.PayloadLength = end - at - 12;
                }
                break;
            case 50:
                counters.Esp++;
                if (end - at < 8) Fault(p, DecodeEvent.EspPktTooSmall);
                break;
            case 0 when p.IpVersion == 4:
                break;
        }
    }

    private void Tcp(Packet p, int at, int end)
    {
        counters.Tcp++;
        int have = end - at;
        if (have < 20)
        {
            Fault(p, DecodeEvent.TcpPktTooSmall);
            return;
        }
        int header = (p.Data[at + 12] >> 4) * 4;
        if (header < 20 || header > have)
        {
            Fault(p, DecodeEvent.TcpHlenTooSmall);
            return;
        }
        p.SourcePort = U16(p, at);
        p.DestinationPort = U16(p, at + 2);
        p.HasPorts = true;
        p.Sequence = U32(p, at + 4);
        p.Acknowledgement = U32(p, at + 8);
        p.TcpFlags = p.Data[at + 13];
        p.Window = U16(p, at + 14);
        p.TcpHeaderLength = header;
        p.PayloadOffset = at + header;
        p.PayloadLength = have - header;
        int option = at + 20, stop = at + header;
        while (option < stop)
        {
            byte kind = p.Data[option];
            if (kind == 0) break;
            if (kind == 1)
            {
                option++;
                continue;
            }
            if (option + 1 >= stop) break;
            int size = p.Data[option + 1];
            if (size < 2 || option + size > stop)
            {
                p.AddEvent(DecodeEvent.TcpOptInvalidLen);
                break;
            }
            switch (kind)
            {
                case 2 when size == 4: p.Mss = U16(p, option + 2); break;
                case 3 when size == 3: p.WindowScale = Math.Min(p.Data[option + 2], (byte)14); break;
                case 4: p.SackPermitted = true; break;
                case 8 when size == 10:
                    p.HasTimestamp = true;
                    p.TimestampValue = U32(p, option + 2);
                    p.TimestampEcho = U32(p, option + 6);
                    break;
            }
            option += size;
        }
    }

    private void Udp(Packet p, int at, int end)
    {
        counters.Udp++;
        int have = end - at;
        if (have < 8)
        {
            Fault(p, DecodeEvent.UdpHlenTooSmall);
            return;
        }
        int length = U16(p, at + 4);
        if (length < 8)
        {
            Fault(p, DecodeEvent.UdpLenInvalid);
            return;
        }
        if (have < length)
        {
            Fault(p, DecodeEvent.UdpPktTooSmall);
            return;
        }
        if (have != length) p.AddEvent(DecodeEvent.UdpHlenInvalid);
        p.SourcePort = U16(p, at);
        p.DestinationPort = U16(p, at + 2);
        p.HasPorts = true;
        p.PayloadOffset = at + 8;
        p.PayloadLength = length - 8;
        UdpTunnels(p, at + 8, at + length);
    }

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
        switch (p.IcmpType)
        {
            case 0 or 8 or 13 or 14 or 15 or 16 or 17 or 18:
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
                break;
            case 3 or 4 or 5 or 11 or 12:
                p.PayloadOffset = at + 8;
                p.PayloadLength = end - at - 8;
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
        if (p.IcmpType is 0 or 4 or 8 or 13 or 14 or 15 or 16 or 17 or 18 && p.IcmpCode != 0
            || p.IcmpType == 3 && p.IcmpCode > 15 || p.IcmpType == 5 && p.IcmpCode > 3 || p.IcmpType == 11 && p.IcmpCode > 1 || p.IcmpType == 12 && p.IcmpCode > 2)
            p.AddEvent(DecodeEvent.Icmpv4UnknownCode);
    }

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

    /// <summary>True when the transport checksum (TCP, UDP, ICMP) is right, or absent where the standard allows it.</summary>
    public static bool ChecksumHolds(Packet p)
    {
        return HeaderChecksumHolds(p) && TransportChecksumHolds(p);
    }

    public static bool HeaderChecksumHolds(Packet p) => p.IpVersion != 4 || Sum(p.Data.AsSpan(p.IpOffset, p.IpHeaderLength), 0) == 0xffff;

    public static bool TransportChecksumHolds(Packet p)
    {
        ReadOnlySpan<byte> segment = p.Data.AsSpan(p.TransportOffset, p.TransportLength);
        if (p.Protocol == 1 && p.HasIcmp) return Sum(segment, 0) == 0xffff;
        if (!p.HasPorts && !p.HasIcmp || p.Protocol == 132) return true;
        if (p.Protocol == 17)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(segment[4..]);
            if (p.IpVersion == 4 && segment[6] == 0 && segment[7] == 0) return true;
            segment = segment[..Math.Min(length, segment.Length)];
        }
        uint pseudo = (uint)segment.Length + p.Protocol;
        ReadOnlySpan<byte> addresses = p.IpVersion == 4 ? p.Data.AsSpan(p.IpOffset + 12, 8) : p.Data.AsSpan(p.IpOffset + 8, 32);
        for (int i = 0; i < addresses.Length; i += 2) pseudo += BinaryPrimitives.ReadUInt16BigEndian(addresses[i..]);
        return Sum(segment, pseudo) == 0xffff;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        ulong total = sum;
        int i = 0;
        for (; i + 4 <= bytes.Length; i += 4)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(bytes[i..]);
            total += (word >> 16) + (word & 0xffff);
        }
        if (i + 2 <= bytes.Length)
        {
            total += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
            i += 2;
        }
        if (i < bytes.Length) total += (uint)bytes[i] << 8;
        while (total > 0xffff) total = (total >> 16) + (total & 0xffff);
        return (uint)total;
    }
}
