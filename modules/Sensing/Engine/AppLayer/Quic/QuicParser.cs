using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Tls;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Quic;

/// <summary>QUIC 1 and 2 (RFC 9000, RFC 9369) up to the hellos of both sides, which their Initial packets show; and the older gQUIC's client hello.</summary>
internal sealed class QuicParser(AppState state) : AppParser
{
    private const int MaxOpened = 64, MaxCrypto = 1 << 16, MaxPieces = 128;

    private sealed class Side
    {
        public readonly List<(int Offset, byte[] Bytes)> Pieces = new(2);
        public int Size;
        public bool Seen;
    }

    private readonly Side _client = new(), _server = new();
    private (QuicKeys Client, QuicKeys Server)? _keys;
    private int _opened;
    private bool _retried;

    public override AppProto Protocol => AppProto.Quic;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        if (bytes.Length < 7 || (bytes[0] & 0x80) == 0 || _client.Seen && _server.Seen) return bytes.Length;
        uint version = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        if (version == 0) return bytes.Length;
        var tx = new QuicTransaction { FromClient = toServer, Version = version, ShowJa4 = context.Options.Ja4 };
        if (IsGoogle(version)) ReadGoogle(bytes, tx);
        else
            for (int at = 0, guard = 0; at < bytes.Length && guard < 8; guard++)
                if (!Packet(bytes, ref at, toServer, tx)) break;
        state.Add(tx);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    /// <summary>One of the packets of a datagram (RFC 9000 section 12.2); false when no further one can be told.</summary>
    private bool Packet(ReadOnlySpan<byte> bytes, ref int at, bool toServer, QuicTransaction tx)
    {
        ReadOnlySpan<byte> packet = bytes[at..];
        if (packet.Length < 7 || (packet[0] & 0x80) == 0) return false;
        var wire = new Wire(packet) { At = 1 };
        uint version = wire.U32();
        ReadOnlySpan<byte> destination = wire.Take(wire.U8()), source = wire.Take(wire.U8());
        int type = packet[0] >> 4 & 3;
        if (version == 0x6b3343cf) type = (type + 3) & 3; // RFC 9369 section 3.2 turns the types by one
        if (wire.Bad || destination.Length > 20) return false;
        if (type == 3)
        {
            // a Retry: what follows is sealed with keys made from the server's new identifier
            if (!toServer && !_retried)
            {
                _retried = true;
                _keys = QuicKeys.Derive(version, source);
                _client.Seen = false;
                _client.Pieces.Clear();
                _client.Size = 0;
            }
            return false;
        }
        if (type == 0)
        {
            long token = Variable(ref wire);
            wire.Skip(token);
        }
        long length = Variable(ref wire);
        if (wire.Bad || length > wire.Left || length < 20) return false;
        int whole = wire.At + (int)length;
        if (type == 0 && _opened < MaxOpened)
        {
            _opened++;
            if (toServer && _keys == null) _keys = QuicKeys.Derive(version, destination);
            if (_keys is { } keys)
            {
                byte[]? plain = (toServer ? keys.Client : keys.Server).Open(packet[..whole], wire.At);
                if (plain == null) tx.Raise("failed_decrypt", toServer);
                else Frames(plain, toServer ? _client : _server, toServer, tx);
            }
        }
        at += whole;
        return true;
    }

    private static long Variable(ref Wire wire)
    {
        // RFC 9000 section 16
        if (wire.Left == 0)
        {
            wire.Bad = true;
            return 0;
        }
        int size = 1 << (wire.Rest[0] >> 6);
        ReadOnlySpan<byte> bytes = wire.Take(size);
        if (bytes.IsEmpty) return 0;
        long value = bytes[0] & 0x3f;
        for (int i = 1; i < size; i++) value = value << 8 | bytes[i];
        return value;
    }

    private static void Frames(ReadOnlySpan<byte> plain, Side side, bool toServer, QuicTransaction tx)
    {
        var wire = new Wire(plain);
        while (wire.Left > 0 && !wire.Bad)
        {
            long type = Variable(ref wire);
            switch (type)
            {
                case 0 or 1: break;
                case 2 or 3:
                {
                    Variable(ref wire);
                    Variable(ref wire);
                    long ranges = Variable(ref wire);
                    Variable(ref wire);
                    for (long i = 0; i < ranges && !wire.Bad; i++)
                    {
                        Variable(ref wire);
                        Variable(ref wire);
                    }
                    if (type == 3)
                        for (int i = 0; i < 3; i++) Variable(ref wire);
                    break;
                }
                case 6:
                {
                    long offset = Variable(ref wire), length = Variable(ref wire);
                    ReadOnlySpan<byte> data = wire.Take(length);
                    if (!wire.Bad && offset + length <= MaxCrypto && side.Pieces.Count < MaxPieces && side.Size + data.Length <= MaxCrypto)
                    {
                        side.Pieces.Add(((int)offset, data.ToArray()));
                        side.Size += data.Length;
                    }
                    break;
                }
                default: wire.Bad = true; break;
            }
        }
        if (!side.Seen && Whole(side) is { } message && Hello.Read(message.AsSpan(4), toServer) is { } hello && message[0] == (toServer ? 1 : 2))
        {
            side.Seen = true;
            side.Pieces.Clear();
            tx.Take(hello, tx.ShowJa4);
        }
    }

    /// <summary>The first handshake message, once every byte of it is there.</summary>
    private static byte[]? Whole(Side side)
    {
        side.Pieces.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        var message = new byte[Math.Min(MaxCrypto, side.Pieces.Count == 0 ? 0 : side.Pieces.Max(p => p.Offset + p.Bytes.Length))];
        int have = 0;
        foreach (var (offset, bytes) in side.Pieces)
        {
            if (offset > have) break;
            bytes.CopyTo(message, offset);
            have = Math.Max(have, offset + bytes.Length);
        }
        if (have < 4) return null;
        int length = 4 + (message[1] << 16 | message[2] << 8 | message[3]);
        return length <= have ? message[..length] : null;
    }

    private static bool IsGoogle(uint version) => version >> 24 == 'Q' && (version >> 16 & 255) == '0';

    /// <summary>gQUIC's hello: tags and where the value of each ends.</summary>
    private void ReadGoogle(ReadOnlySpan<byte> bytes, QuicTransaction tx)
    {
        int at = bytes.IndexOf("CHLO"u8);
        if (at < 0 || bytes.Length < at + 8) return;
        int count = bytes[at + 4] | bytes[at + 5] << 8;
        var wire = new Wire(bytes[(at + 8)..], true);
        if (count > 64 || wire.Left < 8 * count) return;
        ReadOnlySpan<byte> values = wire.Rest[(8 * count)..];
        var cyu = new StringBuilder();
        cyu.Append((char)(tx.Version >> 8 & 255)).Append((char)(tx.Version & 255)).Append(',');
        uint start = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> tag = wire.Take(4);
            uint end = wire.U32();
            ReadOnlySpan<byte> value = end >= start && end <= values.Length ? values[(int)start..(int)end] : default;
            if (i > 0) cyu.Append('-');
            cyu.Append(Encoding.Latin1.GetString(tag.TrimEnd((byte)0)));
            if (tag.SequenceEqual("SNI\0"u8)) tx.Sni = value.ToArray();
            else if (tag.SequenceEqual("UAID"u8)) tx.Agent = value.ToArray();
            start = end;
        }
        tx.CyuText = Encoding.Latin1.GetBytes(cyu.ToString());
        tx.CyuDigest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(tx.CyuText)));
    }

    public static bool Probe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 20 || (bytes[0] & 0x80) == 0) return false;
        uint version = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        return IsGoogle(version) || (bytes[0] & 0x40) != 0 && (version is 1 or 0x6b3343cf or >= 0xff000017 and <= 0xff000022) && bytes[5] <= 20;
    }
}
