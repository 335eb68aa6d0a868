namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
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
            // behind an extension header there must be something to read
            if (guard > 0 && next != 59 && end - at < 2)
            {
                Fault(p, DecodeEvent.Ipv6TruncExthdr);
                return;
            }
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
                    if (next is not (1 or 4 or 6 or 17 or 41 or 47 or 50 or 58 or 132)) p.AddEvent(DecodeEvent.Ipv6UnknownNextHeader);
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
        Ipv6(joined, Joined(joined, p, whole, length), joined.Length);
        Count(joined);
        Inner.Add(joined);
    }
}
