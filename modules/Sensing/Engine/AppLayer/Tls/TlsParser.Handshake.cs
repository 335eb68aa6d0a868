using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Tls;

/// <summary>The messages of the handshake, put together from records.</summary>
internal sealed partial class TlsParser
{
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
            if (span[0] is not (0 or 1 or 2 or 4 or 11 or 12 or 13 or 14 or 15 or 16 or 20 or 21 or 22))
            {
                // no message: its length is not worth waiting for
                Tell("invalid_handshake_message", toServer);
                held.Clear();
                return;
            }
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
                ServerHello(body);
                Advance(false, TlsTransaction.Hello);
                context.TriggerToClient = true;
                break;
            case 11:
                Certificates(toServer, body);
                Advance(toServer, TlsTransaction.CertificateSeen);
                if (!toServer) context.TriggerToClient = true;
                break;
            case 13 when !toServer:
                _tx!.AsksForCertificate = true;
                break;
            case 16:
                Advance(true, TlsTransaction.CertificateSeen);
                break;
        }
    }

    private void ClientHello(ParseContext context, ReadOnlySpan<byte> body)
    {
        TlsTransaction tx = _tx!;
        Hello? read = Hello.Read(body, true);
        if (read is not { Broken: false }) Tell("handshake_invalid_length", true);
        if (read is not { } hello) return;
        _clientHello = true;
        tx.ClientVersion = hello.Version;
        foreach (ushort offered in hello.Versions)
        {
            if (Hello.IsGrease(offered)) continue;
            tx.ClientVersion = offered;
            break;
        }
        _offersVersions = hello.Versions.Count > 0;
        foreach ((ushort type, _) in hello.Extensions)
        {
            if (type == 35) tx.Resumed = true;      // it holds a ticket, or would take one
            else if (type == 42) _early = true;
        }
        if (hello.SniFault is { } fault) Tell(fault, true);
        if (hello.Names > 1 || hello.Names > 0 && tx.Sni.Length > 0) Tell("multiple_sni_extensions", true);
        tx.ClientRandom = body.Slice(2, 32).ToArray();
        tx.SessionId = body.Slice(35, Math.Min(body[34], body.Length - 35)).ToArray();
        tx.Sni = hello.Sni;
        foreach (byte[] name in hello.Alpn) tx.ClientAlpn.Add(name);
        tx.Ja3Text = Encoding.ASCII.GetBytes(hello.Ja3(true, false));
        tx.Ja3Digest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(tx.Ja3Text)));
        if (context.Options.Ja4) tx.Ja4 = Encoding.ASCII.GetBytes(hello.Ja4(false));
    }

    private void ServerHello(ReadOnlySpan<byte> body)
    {
        TlsTransaction tx = _tx!;
        Hello? read = Hello.Read(body, false);
        _serverHello = tx.ServerSpoke = true;
        if (read is not { Broken: false }) Tell("handshake_invalid_length", false);
        if (read is not { } hello) return;
        // older drafts all say they are the version itself
        tx.ServerVersion = Hello.IsDraft(hello.Version) && hello.Version is < 0x7f10 ? TlsTransaction.OldDraft : hello.Version;
        tx.WithoutCertificate = Hello.IsDraft(hello.Version);
        tx.ServerRandom = body.Slice(2, 32).ToArray();
        if (!tx.WithoutCertificate && body[34] > 0 && body.Slice(35, body[34]).SequenceEqual(tx.SessionId)) tx.Resumed = true;
        if (hello.Versions.Count > 0)
        {
            tx.ServerVersion = hello.Versions[0];
            tx.WithoutCertificate |= _offersVersions;
        }
        tx.Ja3sText = Encoding.ASCII.GetBytes(hello.Ja3(false, false));
        tx.Ja3sDigest = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MD5.HashData(tx.Ja3sText)));
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
                continue;
            }
            if (toServer) tx.ClientCertificate = certificate;
            else tx.TakeServerCertificate(certificate);
        }
    }
}
