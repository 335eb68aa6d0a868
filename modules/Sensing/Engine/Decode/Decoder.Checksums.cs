using System.Buffers.Binary;

namespace Appliance.Sensing.Engine.Decode;

internal sealed partial class Decoder
{
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
