using System.Buffers.Binary;
using Appliance.Sensing.Engine.Capture;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// What two sides say to each other, as bytes that can be changed at will: transport (6 or 17), the server's port, then pieces of a flag byte (1: from the client, 2: bytes before it were lost, 4: on a second
/// connection, 8: to be sealed as a QUIC Initial), two bytes of length, content. Any bytes are a conversation: what is cut short ends it.
/// </summary>
internal static class Conversation
{
    public const int HeadLength = 3;
    public const byte FromClient = 1, AfterLoss = 2, Second = 4, Sealed = 8;
    private const int ClientPort = 40_000, SecondPort = 2000, Lost = 777, MostContent = 60_000;
    private const byte Syn = 2, SynAck = 0x12, Ack = 0x10, PushAck = 0x18, FinAck = 0x11;

    public static byte[] Make(bool tcp, int serverPort, IEnumerable<(byte Flags, byte[] Bytes)> pieces)
    {
        var bytes = new List<byte> { tcp ? (byte)6 : (byte)17, (byte)(serverPort >> 8), (byte)serverPort };
        foreach (var (flags, piece) in pieces)
        {
            bytes.AddRange([flags, (byte)(piece.Length >> 8), (byte)piece.Length]);
            bytes.AddRange(piece);
        }
        return [.. bytes];
    }

    /// <summary>The packets that carry it, with a handshake before and an end behind for TCP.</summary>
    public static IEnumerable<RawPacket> Packets(byte[] input)
    {
        if (input.Length < HeadLength) yield break;
        bool tcp = input[0] != 17;
        var clock = new Clock();
        var connections = new Connection?[2];
        for (int at = HeadLength; at + 3 <= input.Length;)
        {
            byte flags = input[at];
            int side = (flags & FromClient) != 0 ? 0 : 1, length = Math.Min(input[at + 1] << 8 | input[at + 2], Math.Min(input.Length - at - 3, MostContent));
            byte[] content = input.AsSpan(at + 3, length).ToArray();
            if ((flags & Sealed) != 0) content = QuicSeal.Initial(content);
            at += 3 + length;
            int which = (flags & Second) != 0 ? 1 : 0;
            if (connections[which] is not { } connection)
            {
                connection = connections[which] = new Connection(clock, ClientPort + which, which == 0 ? input[1] << 8 | input[2] : SecondPort);
                if (tcp) foreach (RawPacket packet in connection.Begin()) yield return packet;
            }
            if (!tcp) yield return connection.Datagram(side, content);
            else foreach (RawPacket packet in connection.Say(side, content, (flags & AfterLoss) != 0)) yield return packet;
        }
        if (!tcp) yield break;
        foreach (Connection? connection in connections)
            foreach (RawPacket packet in connection?.End() ?? []) yield return packet;
    }

    private sealed class Clock
    {
        private long _time = 1_700_000_000_000_000;
        public long Next() => _time += 1000;
    }

    private sealed class Connection(Clock clock, int clientPort, int serverPort)
    {
        private readonly uint[] _sequence = [1000, 5000];

        public IEnumerable<RawPacket> Begin()
        {
            yield return Tcp(0, Syn, []);
            _sequence[0]++;
            yield return Tcp(1, SynAck, []);
            _sequence[1]++;
            yield return Tcp(0, Ack, []);
        }

        public IEnumerable<RawPacket> Say(int side, byte[] content, bool afterLoss)
        {
            if (afterLoss) _sequence[side] += Lost;
            yield return Tcp(side, PushAck, content);
            _sequence[side] += (uint)content.Length;
            yield return Tcp(1 - side, Ack, []);
        }

        public IEnumerable<RawPacket> End()
        {
            yield return Tcp(0, FinAck, []);
            _sequence[0]++;
            yield return Tcp(1, FinAck, []);
            _sequence[1]++;
            yield return Tcp(0, Ack, []);
        }

        public RawPacket Datagram(int side, byte[] content)
        {
            byte[] frame = Frame(side, 17, 8 + content.Length);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(38), (ushort)(8 + content.Length));
            content.CopyTo(frame, 42);
            return Raw(frame);
        }

        private RawPacket Tcp(int side, byte flags, byte[] content)
        {
            byte[] frame = Frame(side, 6, 20 + content.Length);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(38), _sequence[side]);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(42), flags == Syn ? 0 : _sequence[1 - side]);
            frame[46] = 0x50;
            frame[47] = flags;
            frame[48] = frame[49] = 0xff;
            content.CopyTo(frame, 54);
            return Raw(frame);
        }

        private RawPacket Raw(byte[] frame) => new() { Buffer = frame, Length = frame.Length, WireLength = frame.Length, LinkType = 1, Time = clock.Next() };

        private byte[] Frame(int side, byte protocol, int length)
        {
            var frame = new byte[34 + length];
            frame[12] = 8;
            frame[14] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(20 + length));
            frame[22] = 64;
            frame[23] = protocol;
            (frame[26], frame[29], frame[30], frame[33]) = side == 0 ? ((byte)10, (byte)1, (byte)10, (byte)2) : ((byte)10, (byte)2, (byte)10, (byte)1);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)(side == 0 ? clientPort : serverPort));
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(36), (ushort)(side == 0 ? serverPort : clientPort));
            return frame;
        }
    }
}
