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
        if (header > 20 && !Ipv4Options(p, at + 20, at + header))
        {
            p.PayloadOffset = at + header;
            return;
        }
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
            Ipv4(joined, Joined(joined, p, whole, length), joined.Length);
            Count(joined);
            Inner.Add(joined);
            return;
        }
        Transport(p, p.Protocol, at + header, stop);
    }

    /// <summary>A datagram put together keeps the link layer of its last fragment, as a capture would show it. Returns where the datagram begins.</summary>
    private static int Joined(Packet joined, Packet last, byte[] whole, int length)
    {
        int link = last.IpOffset - last.Offset;
        if (link < 0 || link > 64) link = 0;
        var data = new byte[link + length];
        last.Data.AsSpan(last.Offset, link).CopyTo(data);
        whole.AsSpan(0, length).CopyTo(data.AsSpan(link));
        joined.Data = data;
        joined.Offset = 0;
        joined.Length = data.Length;
        joined.EthernetOffset = last.EthernetOffset >= 0 && last.EthernetOffset == last.Offset && link >= 14 ? 0 : -1;
        joined.RecursionLevel = last.RecursionLevel + 1;
        return link;
    }

    /// <summary>False when the options leave no packet that could be read on.</summary>
    private static bool Ipv4Options(Packet p, int at, int end)
    {
        ulong seen = 0;
        if ((end - at) % 8 != 0) p.AddEvent(DecodeEvent.Ipv4OptPadRequired);
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
                Fault(p, DecodeEvent.Ipv4OptInvalidLen);
                return false;
            }
            ulong bit = kind switch { 7 => 1, 68 => 2, 131 => 4, 137 => 8, 130 => 16, 136 => 32, 148 => 64, 25 => 128, 133 => 256, 134 => 512, _ => 0 };
            if (bit == 0) p.AddEvent(DecodeEvent.Ipv4OptInvalid);
            else if ((seen & bit) != 0) p.AddEvent(DecodeEvent.Ipv4OptDuplicate);
            else if (!Ipv4OptionFits(p, kind, at, size)) p.AddEvent(kind is 7 or 68 or 131 or 137 && size >= 3 ? DecodeEvent.Ipv4OptMalformed : DecodeEvent.Ipv4OptInvalidLen);
            seen |= bit;
            at += size;
        }
        p.IpOptions = seen | 1UL << 32;
        return true;
    }

    /// <summary>Lengths and pointers of the options that have fixed ones (RFC 791, 3.1; RFC 2113; RFC 1108).</summary>
    private static bool Ipv4OptionFits(Packet p, byte kind, int at, int size) => kind switch
    {
        // routes: a pointer that begins at 4, and whole addresses
        7 or 131 or 137 => size >= 3 && (size - 3) % 4 == 0 && p.Data[at + 2] >= 4 && p.Data[at + 2] % 4 == 0 && p.Data[at + 2] <= size + 1,
        68 => size >= 5 && p.Data[at + 2] >= 5 && p.Data[at + 2] <= size + 1,
        130 => size == 11,
        136 or 148 => size == 4,
        25 => size >= 8,
        133 => size >= 3,
        _ => true,
    };
}
