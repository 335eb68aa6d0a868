namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
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
                // RFC 2385, RFC 5925
                case 19 or 29: p.Signed = true; break;
                // fast open (RFC 7413): option 34, or 254 with the number it had while it was an experiment
                case 34: p.FastOpen = true; break;
                case 253 or 254 when size >= 4 && U16(p, option + 2) == 0xf989: p.FastOpen = true; break;
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
        p.SourcePort = U16(p, at);
        p.DestinationPort = U16(p, at + 2);
        p.HasPorts = true;
        p.PayloadOffset = at + 8;
        p.PayloadLength = length - 8;
        UdpTunnels(p, at + 8, at + length);
    }
}
