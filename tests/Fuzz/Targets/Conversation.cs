using System.Buffers.Binary;
using Appliance.Sensing.Engine.Capture;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// What two sides say to each other, as bytes that can be changed at will: transport (6 or 17), the server's port, then pieces of a flag byte (1: from the client, 2: bytes before it were lost), two bytes of
/// length, content. Any bytes are a conversation: what is cut short ends it.
/// </summary>
internal static class Conversation
{
    public const int HeadLength = 3;
    private const int ClientPort = 40_000, Lost = 777;

    public static byte[] Make(bool tcp, int serverPort, IEnumerable<(bool FromClient, byte[] Bytes)> pieces)
    {
        var bytes = new List<byte> { tcp ? (byte)6 : (byte)17, (byte)(serverPort >> 8), (byte)serverPort };
        foreach (var (fromClient, piece) in pieces)
        {
            bytes.AddRange([fromClient ? (byte)1 : (byte)0, (byte)(piece.Length >> 8), (byte)piece.Length]);
            bytes.AddRange(piece);
        }
        return [.. bytes];
    }

    /// <summary>The packets that carry it, with a handshake before and an end behind for TCP.</summary>
    public static IEnumerable<RawPacket> Packets(byte[] input)
    {
        if (input.Length < HeadLength) yield break;
        bool tcp = input[0] != 17;
        int serverPort = input[1] << 8 | input[2];
        uint[] sequence = [1000, 5000];
        long time = 1_700_000_000_000_000;
        if (tcp)
        {
            yield return Tcp(0, 2, []);
            sequence[0]++;
            yield return Tcp(1, 0x12, []);
            sequence[1]++;
            yield return Tcp(0, 0x10, []);
        }
        for (int at = HeadLength; at + 3 <= input.Length;)
        {
            int side = (input[at] & 1) != 0 ? 0 : 1, length = Math.Min(input[at + 1] << 8 | input[at + 2], Math.Min(input.Length - at - 3, 60_000));
            if ((input[at] & 2) != 0) sequence[side] += Lost;
            byte[] content = input.AsSpan(at + 3, length).ToArray();
            at += 3 + length;
            if (!tcp)
            {
                yield return Datagram(side, content);
                continue;
            }
            yield return Tcp(side, 0x18, content);
            sequence[side] += (uint)length;
            yield return Tcp(1 - side, 0x10, []);
        }
        if (!tcp) yield break;
        yield return Tcp(0, 0x11, []);
        sequence[0]++;
        yield return Tcp(1, 0x11, []);
        sequence[1]++;
        yield return Tcp(0, 0x10, []);

        RawPacket Tcp(int side, byte flags, byte[] content)
        {
            byte[] frame = Frame(side, 6, 20 + content.Length);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(38), sequence[side]);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(42), flags == 2 ? 0 : sequence[1 - side]);
            frame[46] = 0x50;
            frame[47] = flags;
            frame[48] = frame[49] = 0xff;
            content.CopyTo(frame, 54);
            return Raw(frame);
        }

        RawPacket Datagram(int side, byte[] content)
        {
            byte[] frame = Frame(side, 17, 8 + content.Length);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(38), (ushort)(8 + content.Length));
            content.CopyTo(frame, 42);
            return Raw(frame);
        }

        RawPacket Raw(byte[] frame) => new() { Buffer = frame, Length = frame.Length, WireLength = frame.Length, LinkType = 1, Time = time += 1000 };

        byte[] Frame(int side, byte protocol, int length)
        {
            var frame = new byte[34 + length];
            frame[12] = 8;
            frame[14] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(20 + length));
            frame[22] = 64;
            frame[23] = protocol;
            (frame[26], frame[29], frame[30], frame[33]) = side == 0 ? ((byte)10, (byte)1, (byte)10, (byte)2) : ((byte)10, (byte)2, (byte)10, (byte)1);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)(side == 0 ? ClientPort : serverPort));
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(36), (ushort)(side == 0 ? serverPort : ClientPort));
            return frame;
        }
    }
}
