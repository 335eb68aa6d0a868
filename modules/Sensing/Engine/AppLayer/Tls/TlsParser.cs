using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>TLS records and the handshake up to encryption; what follows is counted, not read.</summary>
internal sealed partial class TlsParser(AppState state) : AppParser
{
    private const int MaxHandshake = 1 << 18;
    private readonly SlidingBuffer _toServer = new(), _toClient = new();
    private TlsTransaction? _tx;
    private bool _clientEncrypted, _serverEncrypted, _finished;

    public override AppProto Protocol => AppProto.Tls;

    public override void Reset()
    {
        _toServer.Release();
        _toClient.Release();
    }

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        ref long pass = ref toServer ? ref _passToServer : ref _passToClient;
        pass = Math.Max(0, pass - size);
        return _finished;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        _tx ??= state.Add(new TlsTransaction { ShowJa3 = context.Options.Ja3, ShowJa4 = context.Options.ShowJa4, From = state.Original });
        if (_finished) return Encrypted(context, toServer, bytes, 0, marks);
        int used = 0;
        while (bytes.Length - used >= 5 && !_finished)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            byte type = rest[0];
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (type is < 20 or > 24 || rest[1] != 3 || length > 18432)
            {
                if (used == 0 && toServer && (rest[0] & 0x80) != 0 && rest[2] == 1)
                {
                    // an old hello in SSLv2 form, still used to offer newer versions
                    int old = (rest[0] & 0x7f) << 8 | rest[1];
                    context.Frame(FrameType.Ssl2Hdr, toServer, used, 5);
                    context.Frame(FrameType.Ssl2Pdu, toServer, used, old + 2);
                    if (rest.Length < old + 2) return used;
                    _tx.ClientVersion = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
                    _tx.ProgressToServer = TlsTransaction.Hello;
                    used += old + 2;
                    continue;
                }
                Wrong(rest, toServer);
                return -1;
            }
            MarkRecord(context, toServer, used, type, length);
            if (rest.Length < 5 + length)
            {
                if (type == 23 || (toServer ? _clientEncrypted : _serverEncrypted))
                {
                    // what is encrypted need not be held until it is whole
                    Encrypted(context, toServer, type);
                }
                break;
            }
            Record(context, toServer, type, rest.Slice(5, length));
            used += 5 + length;
        }
        if ((marks & StreamMarks.Eof) != 0) return bytes.Length;
        return _finished ? Encrypted(context, toServer, bytes, used, marks) : used;
    }

    private long _passToServer, _passToClient;   // bytes of the encrypted record at hand that are still to come

    private static void MarkRecord(ParseContext context, bool toServer, int at, byte type, int length)
    {
        if (context.FramesWanted == 0) return;
        context.Frame(FrameType.Hdr, toServer, at, 5);
        context.Frame(FrameType.Pdu, toServer, at, 5 + length);
        context.Frame(FrameType.Data, toServer, at + 5, length);
        if (type == 21) context.Frame(FrameType.Alert, toServer, at + 5, length);
        else if (type == 24) context.Frame(FrameType.Heartbeat, toServer, at + 5, length);
    }

    /// <summary>Of what is encrypted only the records' headers are looked at.</summary>
    private int Encrypted(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, int used, StreamMarks marks)
    {
        if ((marks & StreamMarks.Eof) != 0) return bytes.Length;
        ref long pass = ref toServer ? ref _passToServer : ref _passToClient;
        while (used < bytes.Length)
        {
            if (pass > 0)
            {
                int now = (int)Math.Min(pass, bytes.Length - used);
                pass -= now;
                used += now;
                continue;
            }
            ReadOnlySpan<byte> rest = bytes[used..];
            if (rest.Length < 5) break;
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            if (rest[0] is < 20 or > 24 || rest[1] != 3)
            {
                Wrong(rest, toServer);
                pass = long.MaxValue;
                continue;
            }
            MarkRecord(context, toServer, used, rest[0], length);
            if (rest[0] == 24) HiddenHeartbeat(toServer, length);
            pass = 5 + length;
        }
        return used;
    }


    private void Record(ParseContext context, bool toServer, byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 22 when !(toServer ? _clientEncrypted : _serverEncrypted):
                Handshake(context, toServer, body);
                break;
            case 20:
                if (toServer) _clientEncrypted = true;
                else _serverEncrypted = true;
                if (!toServer && _tx!.ServerCertificate == null && _tx.ServerVersion < 0x0304) _tx.Resumed = true;
                Advance(toServer, TlsTransaction.CertificateSeen);
                if (_clientEncrypted && _serverEncrypted) Advance(true, TlsTransaction.Done);
                if (_clientEncrypted && _serverEncrypted) Advance(false, TlsTransaction.Done);
                break;
            case 24 when !(toServer ? _clientEncrypted : _serverEncrypted):
                Heartbeat(toServer, body);
                break;
            case 24:
                HiddenHeartbeat(toServer, body.Length);
                break;
            case 23:
                Encrypted(context, toServer, type);
                break;
        }
    }

    private void Encrypted(ParseContext context, bool toServer, byte type)
    {
        if (type != 23) return;
        if (toServer) _clientEncrypted = true;
        else _serverEncrypted = true;
        Advance(true, TlsTransaction.Done);
        Advance(false, TlsTransaction.Done);
        if (!_clientEncrypted || !_serverEncrypted) return;
        _finished = true;
        context.EndsInspection = true;
        Reset();
    }

    private void Advance(bool toServer, int progress)
    {
        if (toServer) _tx!.ProgressToServer = Math.Max(_tx.ProgressToServer, progress);
        else _tx!.ProgressToClient = Math.Max(_tx.ProgressToClient, progress);
    }

    private void Handshake(ParseContext context, bool toServer, ReadOnlySpan<byte> body)
    {
        SlidingBuffer held = toServer ? _toServer : _toClient;
        if (held.Length + body.Length > MaxHandshake)
        {
            held.Clear();
            return;
        }
        held.Append(body);
        while (held.Length >= 4)
        {
            ReadOnlySpan<byte> span = held.Span;
            int length = span[1] << 16 | span[2] << 8 | span[3];
            if (span.Length < 4 + length) return;
            Message(context, toServer, span[0], span.Slice(4, length));
            held.Consume(4 + length);
        }
    }

    private void Message(ParseContext context, bool toServer, byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 1 when toServer:
                ClientHello(context, body);
                Advance(true, TlsTransaction.Hello);
                context.TriggerToServer = true;
                break;
            case 2 when !toServer:
                ServerHello(context, body);
                Advance(false, TlsTransaction.Hello);
                context.TriggerToClient = true;
                break;
            case 11:
                Certificates(toServer, body);
                Advance(toServer, TlsTransaction.CertificateSeen);
                if (!toServer) context.TriggerToClient = true;
                break;
            case 14 when !toServer:
                _tx!.ServerHelloDone = true;
                break;
            case 16:
                Advance(true, TlsTransaction.CertificateSeen);
                break;
        }
    }

    private ref struct Fields(ReadOnlySpan<byte> bytes)
    {
        public ReadOnlySpan<byte> Rest = bytes;

        public bool Take(int count, out ReadOnlySpan<byte> taken)
        {
            taken = default;
            if (count > Rest.Length) return false;
            taken = Rest[..count];
            Rest = Rest[count..];
            return true;
        }

        public bool Number(int size, out int value)
        {
            value = 0;
            if (!Take(size, out ReadOnlySpan<byte> bytes)) return false;
            foreach (byte b in bytes) value = value << 8 | b;
            return true;
        }

        public bool Counted(int size, out ReadOnlySpan<byte> taken)
        {
            taken = default;
            return Number(size, out int length) && Take(length, out taken);
        }
    }

    private void ClientHello(ParseContext context, ReadOnlySpan<byte> body)
    {
        TlsTransaction tx = _tx!;
        if (Hello.Read(body, true) is not { } hello)
        {
            Tell("handshake_invalid_length", true);
            return;
        }
        tx.ClientVersion = hello.Version;
        foreach (ushort offered in hello.Versions)
        {
            if (Hello.IsGrease(offered)) continue;
            tx.ClientVersion = offered;
            break;
        }
        tx.ClientRandom = body.Slice(2, 32).ToArray();
        tx.SessionId = body.Slice(35, Math.Min(body[34], body.Length - 35)).ToArray();
        tx.Sni = hello.Sni;
        foreach (byte[] name in hello.Alpn) tx.ClientAlpn.Add(name);
        tx.Ja3Text = Encoding.ASCII.GetBytes(hello.Ja3(true, false));
        tx.Ja3Digest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(tx.Ja3Text)));
        if (context.Options.Ja4) tx.Ja4 = Encoding.ASCII.GetBytes(hello.Ja4(false));
    }

    private void ServerHello(ParseContext context, ReadOnlySpan<byte> body)
    {
        TlsTransaction tx = _tx!;
        var f = new Fields(body);
        if (!f.Number(2, out int version)) return;
        tx.ServerVersion = (ushort)version;
        if (!f.Take(32, out ReadOnlySpan<byte> random)) return;
        tx.ServerRandom = random.ToArray();
        bool draft = version >= 0x7f00;
        if (!draft && !f.Counted(1, out _) || !f.Number(2, out int cipher) || !draft && !f.Number(1, out _)) return;
        var ja3 = new StringBuilder();
        ja3.Append(version).Append(',').Append(cipher).Append(',');
        bool first = true;
        if (f.Counted(2, out ReadOnlySpan<byte> extensions))
        {
            var e = new Fields(extensions);
            while (e.Number(2, out int kind) && e.Counted(2, out ReadOnlySpan<byte> value))
            {
                if (!first) ja3.Append('-');
                first = false;
                ja3.Append(kind);
                if (kind == 43 && value.Length == 2) tx.ServerVersion = BinaryPrimitives.ReadUInt16BigEndian(value);
            }
        }
        tx.Ja3sText = Encoding.ASCII.GetBytes(ja3.ToString());
        tx.Ja3sDigest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(tx.Ja3sText)));
    }

    private void Certificates(bool toServer, ReadOnlySpan<byte> body)
    {
        TlsTransaction tx = _tx!;
        var f = new Fields(body);
        if (!f.Counted(3, out ReadOnlySpan<byte> list)) return;
        var chain = new Fields(list);
        List<byte[]> into = toServer ? tx.ClientCertificates : tx.ServerCertificates;
        if (into.Count > 0) return;
        while (into.Count < 32 && chain.Counted(3, out ReadOnlySpan<byte> der))
        {
            into.Add(der.ToArray());
            if (into.Count > 1) continue;
            if (Certificate.Read(der) is not { } certificate)
            {
                Tell("invalid_certificate", toServer);
                Tell("invalid_handshake_message", toServer);
                continue;
            }
            if (toServer) tx.ClientCertificate = certificate;
            else tx.TakeServerCertificate(certificate);
        }
    }
}
