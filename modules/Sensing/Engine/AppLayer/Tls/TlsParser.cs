using System.Buffers.Binary;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>TLS records and the handshake up to encryption; what follows is counted, not read.</summary>
internal sealed partial class TlsParser(AppState state) : AppParser
{
    private const int MaxHandshake = 1 << 20;
    private readonly SlidingBuffer _toServer = new(), _toClient = new();
    private TlsTransaction? _tx;
    private bool _clientHello, _serverHello, _offersVersions, _early, _clientEncrypted, _serverEncrypted, _finished;

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
        // at its end a conversation is over for the client before what the server left unanswered is read: the record knows nothing of that
        if (context.Ending && !toServer && !bytes.IsEmpty) _tx.DrawRecord();
        if (_finished) return Encrypted(context, toServer, bytes, 0, marks);
        int used = 0;
        while (bytes.Length - used >= 5 && !_finished)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            byte type = rest[0];
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[3..]);
            ushort version = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            if (!toServer) _tx.ServerRecordVersion = version;
            if (type is < 20 or > 24 && (type & 0xc0) != 0)
            {
                int whole = OldRecord(context, toServer, rest, used);
                if (whole > rest.Length) break;
                used += whole;
                continue;
            }
            if (type is < 20 or > 24 || version is < 0x0300 or > 0x0304 || length > 18432)
            {
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
            if (!Record(context, toServer, type, rest.Slice(5, length))) return -1;
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


    /// <summary>A record in SSLv2's form, with which an old hello may still offer newer versions. How long it is, header included.</summary>
    private int OldRecord(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, int used)
    {
        bool two = (bytes[0] & 0x80) != 0;
        int length = ((bytes[0] & (two ? 0x7f : 0x3f)) << 8 | bytes[1]) + (two ? 2 : 3);
        context.Frame(FrameType.Ssl2Hdr, toServer, used, 5);
        context.Frame(FrameType.Ssl2Pdu, toServer, used, length);
        if (!toServer) _tx!.ServerVersion = 0x0200;
        if (length <= bytes.Length && toServer && two && bytes[2] == 1)
        {
            _tx!.ClientVersion = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            _clientHello = true;
            Advance(true, TlsTransaction.Hello);
        }
        return length;
    }

    /// <summary>False: the conversation is not followed any further.</summary>
    private bool Record(ParseContext context, bool toServer, byte type, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            Tell("invalid_record_length", toServer);
            return false;
        }
        switch (type)
        {
            case 22 when !_clientEncrypted && !_serverEncrypted || _clientHello && !_serverHello && _tx!.ClientVersion > 0x0303:
                if (body.Length < 4)
                {
                    Tell("invalid_ssl_record", toServer);
                    return false;
                }
                Handshake(context, toServer, body);
                break;
            case 20:
                if (toServer) _clientEncrypted = true;
                else _serverEncrypted = true;
                Advance(toServer, TlsTransaction.CertificateSeen);
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
        return true;
    }

    private void Encrypted(ParseContext context, bool toServer, byte type)
    {
        // what a client sends early says nothing about the server (RFC 8446, 2.3)
        if (type != 23 || _early && !_serverHello) return;
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
}
