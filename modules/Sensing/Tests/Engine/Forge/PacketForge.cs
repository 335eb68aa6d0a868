using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Appliance.Sensing.Tests.Engine.Forge;

/// <summary>Makes captures: Ethernet frames with right lengths and checksums, and whole conversations.</summary>
internal sealed class PacketForge
{
    private readonly MemoryStream _file = new();
    private long _time;
    private ushort _id = 1;

    public PacketForge(long startMicros = 1_760_000_000_000_000, uint linkType = 1)
    {
        _time = startMicros;
        Span<byte> head = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(head, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(head[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(head[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(head[20..], linkType);
        _file.Write(head);
    }

    public byte[] ToArray() => _file.ToArray();

    public PacketForge Wait(double seconds)
    {
        _time += (long)(seconds * 1_000_000);
        return this;
    }

    public PacketForge Frame(ReadOnlySpan<byte> frame)
    {
        Span<byte> head = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)(_time / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], (uint)(_time % 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], (uint)frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], (uint)frame.Length);
        _file.Write(head);
        _file.Write(frame);
        _time += 800;
        return this;
    }

    public static byte[] Ethernet(ushort type, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[14 + payload.Length];
        new byte[] { 0x02, 0, 0x5e, 0, 0x53, 1, 0x02, 0, 0x5e, 0, 0x53, 2 }.CopyTo(frame, 0);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), type);
        payload.CopyTo(frame.AsSpan(14));
        return frame;
    }

    public byte[] Ip(string source, string destination, byte protocol, ReadOnlySpan<byte> payload, ushort fragment = 0, ushort? id = null)
    {
        IPAddress from = IPAddress.Parse(source), to = IPAddress.Parse(destination);
        if (from.GetAddressBytes().Length == 16)
        {
            var six = new byte[40 + payload.Length];
            six[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(six.AsSpan(4), (ushort)payload.Length);
            six[6] = protocol;
            six[7] = 64;
            from.GetAddressBytes().CopyTo(six, 8);
            to.GetAddressBytes().CopyTo(six, 24);
            payload.CopyTo(six.AsSpan(40));
            return six;
        }
        var ip = new byte[20 + payload.Length];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)ip.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), id ?? _id++);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(6), fragment);
        ip[8] = 64;
        ip[9] = protocol;
        from.GetAddressBytes().CopyTo(ip, 12);
        to.GetAddressBytes().CopyTo(ip, 16);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), Checksum(ip.AsSpan(0, 20), 0));
        payload.CopyTo(ip.AsSpan(20));
        return ip;
    }

    public static ushort Checksum(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (int i = 0; i < bytes.Length; i += 2) sum += i + 1 < bytes.Length ? BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]) : (uint)bytes[i] << 8;
        while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
        return (ushort)~sum;
    }

    private static uint Pseudo(string source, string destination, byte protocol, int length)
    {
        uint sum = protocol + (uint)length;
        foreach (string address in (string[])[source, destination])
        {
            byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
            for (int i = 0; i < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(i));
        }
        return sum;
    }

    public static byte[] TcpSegment(string source, ushort sourcePort, string destination, ushort destinationPort, uint sequence, uint ack, byte flags, ReadOnlySpan<byte> payload, ushort window = 64240)
    {
        var tcp = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), ack);
        tcp[12] = 0x50;
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(14), window);
        payload.CopyTo(tcp.AsSpan(20));
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(16), Checksum(tcp, Pseudo(source, destination, 6, tcp.Length)));
        return tcp;
    }

    public PacketForge Tcp(string source, ushort sourcePort, string destination, ushort destinationPort, uint sequence, uint ack, byte flags, ReadOnlySpan<byte> payload = default) =>
        Frame(Ethernet(EtherType(source), Ip(source, destination, 6, TcpSegment(source, sourcePort, destination, destinationPort, sequence, ack, flags, payload))));

    private static ushort EtherType(string address) => address.Contains(':', StringComparison.Ordinal) ? (ushort)0x86dd : (ushort)0x0800;

    public PacketForge Udp(string source, ushort sourcePort, string destination, ushort destinationPort, ReadOnlySpan<byte> payload)
    {
        var udp = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(udp, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)udp.Length);
        payload.CopyTo(udp.AsSpan(8));
        ushort sum = Checksum(udp, Pseudo(source, destination, 17, udp.Length));
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(6), sum == 0 ? (ushort)0xffff : sum);
        return Frame(Ethernet(EtherType(source), Ip(source, destination, 17, udp)));
    }

    public PacketForge Ping(string source, string destination, ushort sequence, int size, bool answer = false)
    {
        var icmp = new byte[8 + size];
        icmp[0] = answer ? (byte)0 : (byte)8;
        BinaryPrimitives.WriteUInt16BigEndian(icmp.AsSpan(4), 77);
        BinaryPrimitives.WriteUInt16BigEndian(icmp.AsSpan(6), sequence);
        icmp.AsSpan(8).Fill((byte)'p');
        BinaryPrimitives.WriteUInt16BigEndian(icmp.AsSpan(2), Checksum(icmp, 0));
        return Frame(Ethernet(0x0800, Ip(source, destination, 1, icmp)));
    }

    /// <summary>A whole TCP conversation: handshake, each message acknowledged, orderly end.</summary>
    public PacketForge Conversation(string client, ushort clientPort, string server, ushort serverPort, params (bool FromClient, byte[] Bytes)[] messages)
    {
        const byte syn = 2, ack = 16, push = 8, fin = 1;
        uint c = 1000u + clientPort * 7919u, s = 5000u + clientPort * 104729u;
        Tcp(client, clientPort, server, serverPort, c++, 0, syn);
        Tcp(server, serverPort, client, clientPort, s++, c, syn | ack);
        Tcp(client, clientPort, server, serverPort, c, s, ack);
        foreach (var (fromClient, bytes) in messages)
            for (int at = 0; at < bytes.Length; at += 1400)
            {
                ReadOnlySpan<byte> part = bytes.AsSpan(at, Math.Min(1400, bytes.Length - at));
                if (fromClient)
                {
                    Tcp(client, clientPort, server, serverPort, c, s, ack | push, part);
                    c += (uint)part.Length;
                    Tcp(server, serverPort, client, clientPort, s, c, ack);
                }
                else
                {
                    Tcp(server, serverPort, client, clientPort, s, c, ack | push, part);
                    s += (uint)part.Length;
                    Tcp(client, clientPort, server, serverPort, c, s, ack);
                }
            }
        Tcp(client, clientPort, server, serverPort, c++, s, fin | ack);
        Tcp(server, serverPort, client, clientPort, s++, c, fin | ack);
        return Tcp(client, clientPort, server, serverPort, c, s, ack);
    }

    public PacketForge Http(string client, ushort port, string server, string request, string response, ushort serverPort = 80) =>
        Conversation(client, port, server, serverPort, (true, Encoding.Latin1.GetBytes(request)), (false, Encoding.Latin1.GetBytes(response)));

    public static byte[] DnsQuery(ushort id, string name, ushort type = 1) => DnsMessage(id, 0x0100, name, type, null);

    public static byte[] DnsAnswer(ushort id, string name, string? address) => DnsMessage(id, address == null ? (ushort)0x8183 : (ushort)0x8180, name, 1, address);

    private static byte[] DnsMessage(ushort id, ushort flags, string name, ushort type, string? address)
    {
        var bytes = new List<byte> { (byte)(id >> 8), (byte)id, (byte)(flags >> 8), (byte)flags, 0, 1, 0, address == null ? (byte)0 : (byte)1, 0, 0, 0, 0 };
        foreach (string label in name.Split('.'))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }
        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (address != null)
        {
            bytes.AddRange([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
            bytes.AddRange(IPAddress.Parse(address).GetAddressBytes());
        }
        return [.. bytes];
    }
}
