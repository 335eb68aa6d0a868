using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Community ID v1: the same name for the same flow in every tool.</summary>
internal static class CommunityId
{
    public static int Write(IpAddress source, IpAddress destination, ushort sourcePort, ushort destinationPort, byte protocol, bool hasPorts, bool oneWay, ushort seed, Span<byte> to)
    {
        Span<byte> input = stackalloc byte[40];
        bool v4 = source.IsV4 && destination.IsV4;
        bool swap = !oneWay && (source.CompareTo(destination) > 0 || source == destination && sourcePort > destinationPort);
        if (swap)
        {
            (source, destination) = (destination, source);
            (sourcePort, destinationPort) = (destinationPort, sourcePort);
        }
        int n = 0;
        BinaryPrimitives.WriteUInt16BigEndian(input, seed);
        n = 2;
        if (v4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(input[n..], source.V4);
            BinaryPrimitives.WriteUInt32BigEndian(input[(n + 4)..], destination.V4);
            n += 8;
        }
        else
        {
            source.WriteV6(input[n..]);
            destination.WriteV6(input[(n + 16)..]);
            n += 32;
        }
        input[n++] = protocol;
        input[n++] = 0;
        if (hasPorts)
        {
            BinaryPrimitives.WriteUInt16BigEndian(input[n..], sourcePort);
            BinaryPrimitives.WriteUInt16BigEndian(input[(n + 2)..], destinationPort);
            n += 4;
        }
        Span<byte> digest = stackalloc byte[20];
        SHA1.HashData(input[..n], digest);
        "1:"u8.CopyTo(to);
        Base64.EncodeToUtf8(digest, to[2..], out _, out int written);
        return written + 2;
    }
}
