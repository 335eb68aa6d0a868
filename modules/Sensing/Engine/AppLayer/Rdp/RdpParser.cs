using Appliance.Sensing.Engine.AppLayer.Tls;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Rdp;

/// <summary>
/// The beginning of a remote desktop session (MS-RDPBCGR, section 1.3.1.1): negotiation in X.224 over TPKT, then either the settings exchange of T.125 or TLS up to its certificates.
/// All that follows is encrypted and passed over.
/// </summary>
internal sealed class RdpParser(AppState state) : AppParser
{
    private const int MaxHandshake = 1 << 17, MaxRecords = 64, MaxCertificates = 16;
    private bool _over;
    private int _records;
    private readonly SlidingBuffer _handshake = new();

    public override AppProto Protocol => AppProto.Rdp;

    public override void Reset() => _handshake.Release();

    public override bool Gap(ParseContext context, bool toServer, int size) => _over;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        while (used < bytes.Length && !_over)
        {
            var wire = new Wire(bytes[used..]);
            if (wire.Rest[0] is 0x14 or 0x15 or 0x16 or 0x17) Record(ref wire, toServer);
            else if (wire.Rest[0] == 3) Packet(ref wire, toServer);
            else return bytes.Length; // no message of this protocol begins so: what this side says is passed over
            if (wire.Bad) break;
            used += wire.At;
        }
        if (used > 0 && toServer) context.TriggerToServer = true;
        else if (used > 0) context.TriggerToClient = true;
        return _over ? bytes.Length : used;
    }

    /// <summary>A TPKT (RFC 1006, section 6); Bad until it is all there.</summary>
    private void Packet(ref Wire wire, bool toServer)
    {
        wire.Skip(2);
        ushort length = wire.U16();
        if (!wire.Bad && length < 7)
        {
            _over = true;
            return;
        }
        ReadOnlySpan<byte> body = wire.Take(length - 4);
        if (wire.Bad) return;
        int head = body[0];
        if (head < 2 || head >= body.Length) return;
        switch (body[1] & 0xf0)
        {
            case 0xe0 when toServer: InitialRequest(body[1..(head + 1)]); break;
            case 0xd0 when !toServer: InitialResponse(body[1..(head + 1)]); break;
            case 0xf0: Data(body[(head + 1)..], toServer); break;
        }
    }

    private void Add(RdpTransaction tx)
    {
        state.Add(tx);
        tx.ProgressToServer = tx.ProgressToClient = 1;
    }

    /// <summary>Section 2.2.1.1.</summary>
    private void InitialRequest(ReadOnlySpan<byte> request)
    {
        var tx = new RdpTransaction(RdpStep.InitialRequest);
        ReadOnlySpan<byte> rest = request.Length < 6 ? default : request[6..];
        int end = rest.IndexOf("\r\n"u8);
        if (end >= 0)
        {
            ReadOnlySpan<byte> line = rest[..end];
            if (line.StartsWith("Cookie: mstshash="u8)) tx.Cookie = line["Cookie: mstshash=".Length..].ToArray();
            rest = rest[(end + 2)..];
        }
        var wire = new Wire(rest, true);
        byte type = wire.U8(), flags = wire.U8();
        if (!wire.Bad && type == 1 && flags is 0 or 1 or 2 or 3 or 8 or 9 or 10 or 11) tx.Flags = flags;
        Add(tx);
    }

    /// <summary>Section 2.2.1.2.</summary>
    private void InitialResponse(ReadOnlySpan<byte> response)
    {
        var tx = new RdpTransaction(RdpStep.InitialResponse);
        var wire = new Wire(response.Length < 6 ? default : response[6..], true);
        byte type = wire.U8(), flags = wire.U8();
        ushort length = wire.U16();
        uint value = wire.U32();
        if (!wire.Bad && length == 8)
        {
            if (type == 3) tx.Failure = (int)Math.Min(value, 255);
            else if (type == 2 && flags < 0x20)
            {
                tx.Flags = flags;
                tx.Protocol = (int)Math.Min(value, 255);
            }
        }
        Add(tx);
    }

    /// <summary>MCS Connect Initial and Connect Response (T.125, section 7), by their BER tags.</summary>
    private void Data(ReadOnlySpan<byte> data, bool toServer)
    {
        if (data.Length < 2 || data[0] != 0x7f) return;
        if (data[1] == 0x66 && !toServer)
        {
            Add(new RdpTransaction(RdpStep.ConnectResponse));
            _over = true; // encrypted from here on
            return;
        }
        if (data[1] != 0x65 || !toServer) return;
        var client = new RdpClient();
        if (UserData(data[2..], out ReadOnlySpan<byte> blocks) && client.Read(blocks)) Add(new RdpTransaction(RdpStep.ConnectRequest) { Client = client });
    }

    /// <summary>The conference create request (T.124, section 8.7) inside a Connect Initial, down to its blocks of user data.</summary>
    private static bool UserData(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> blocks)
    {
        blocks = default;
        var wire = new Wire(body);
        BerLength(ref wire);
        // two selectors, a flag, three sets of domain parameters
        for (int i = 0; i < 6; i++)
        {
            wire.Skip(1);
            wire.Skip(BerLength(ref wire));
        }
        if (wire.U8() != 4) return false;
        wire = new Wire(wire.Take(BerLength(ref wire)));
        // the key of T.124 and the lengths in PER; before the blocks stands the client's own key
        wire.Skip(7);
        PerLength(ref wire);
        int key = wire.Bad ? -1 : wire.Rest.IndexOf("Duca"u8);
        if (key < 0) return false;
        wire.Skip(key + 4);
        int length = PerLength(ref wire);
        if (wire.Bad) return false;
        blocks = wire.Rest[..Math.Min(length, wire.Left)];
        return true;
    }

    private static int BerLength(ref Wire wire)
    {
        byte first = wire.U8();
        return first switch { < 0x80 => first, 0x81 => wire.U8(), 0x82 => wire.U16(), _ => int.MaxValue };
    }

    private static int PerLength(ref Wire wire)
    {
        byte first = wire.U8();
        return first < 0x80 ? first : (first & 0x3f) << 8 | wire.U8();
    }

    /// <summary>A TLS record (RFC 8446, section 5.1): of the server's handshake the certificates are wanted.</summary>
    private void Record(ref Wire wire, bool toServer)
    {
        byte type = wire.U8();
        ushort version = wire.U16();
        ReadOnlySpan<byte> body = wire.Take(wire.U16());
        if (wire.Bad) return;
        if (version >> 8 != 3 || ++_records > MaxRecords || type == 0x17)
        {
            _over = true;
            return;
        }
        if (toServer || type != 0x16) return;
        if (_handshake.Length + body.Length > MaxHandshake)
        {
            _over = true;
            return;
        }
        _handshake.Append(body);
        while (_handshake.Length >= 4)
        {
            ReadOnlySpan<byte> held = _handshake.Span;
            int length = held[1] << 16 | held[2] << 8 | held[3];
            if (held.Length < 4 + length) return;
            if (held[0] == 11)
            {
                Certificates(held.Slice(4, length));
                _over = true;
                _handshake.Release();
                return;
            }
            _handshake.Consume(4 + length);
        }
    }

    private void Certificates(ReadOnlySpan<byte> message)
    {
        var tx = new RdpTransaction(RdpStep.TlsHandshake) { Serials = [] };
        var wire = new Wire(message);
        wire.Skip(3);
        while (wire.Left >= 3 && !wire.Bad && tx.Serials.Count < MaxCertificates)
        {
            ReadOnlySpan<byte> der = wire.Take(wire.U24());
            if (!wire.Bad && Certificate.Read(der) is { Serial: { } serial }) tx.Serials.Add(serial.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant());
        }
        Add(tx);
    }

    /// <summary>X.224 Connection Request of the client, Connection Confirm of the server (ISO 8073, section 13) in a TPKT.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes, bool toServer) =>
        bytes.Length >= 7 && bytes[0] == 3 && bytes[1] == 0 && (bytes[2] << 8 | bytes[3]) == bytes[4] + 5 && bytes[4] >= 6 && (bytes[5] & 0xf0) == (toServer ? 0xe0 : 0xd0);
}
