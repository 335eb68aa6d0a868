using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.AppLayer.Http;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>Tells a protocol by its first bytes: by what they say on any port, and by probing on the ports where it is at home.</summary>
internal sealed class ProtocolDetector(AppLayerOptions options)
{
    private const int Enough = 32;

    private static readonly string[] Methods = ["GET", "PUT", "POST", "HEAD", "TRACE", "OPTIONS", "CONNECT", "DELETE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK",
        "UNLOCK", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY", "MERGE", "INVALID", "VERSION-CONTROL", "BASELINE-CONTROL", "BPROPPATCH", "BPROPFIND", "BCOPY", "BMOVE", "BDELETE", "SEARCH", "NOTIFY", "POLL", "SUBSCRIBE", "UNSUBSCRIBE"];

    private static readonly byte[][] MethodBytes = Methods.Select(System.Text.Encoding.ASCII.GetBytes).ToArray();

    /// <summary>The protocol; Unknown while more bytes could still tell; Failed when none fits.</summary>
    public AppProto Tcp(ReadOnlySpan<byte> bytes, bool toServer, ushort clientPort, ushort serverPort)
    {
        AppProto found = toServer ? TcpToServer(bytes, serverPort, clientPort) : TcpToClient(bytes, serverPort, clientPort);
        if (found is not (AppProto.Unknown or AppProto.Failed) && !options.Enabled(ConfigName(found))) return AppProto.Failed;
        return found == AppProto.Unknown && bytes.Length >= Enough ? AppProto.Failed : found;
    }

    public AppProto Udp(ReadOnlySpan<byte> bytes, bool toServer, ushort clientPort, ushort serverPort)
    {
        if ((serverPort == 53 || clientPort == 53) && options.Enabled("dns") && DnsParser.Probe(bytes, false)) return AppProto.Dns;
        AppProto found = Recognised(bytes, clientPort, serverPort);
        return found != AppProto.Unknown && options.Enabled(AppProtoNames.Name(found)) ? found : AppProto.Failed;
    }

    /// <summary>Protocols over UDP that are named in flow records.</summary>
    private static AppProto Recognised(ReadOnlySpan<byte> bytes, ushort clientPort, ushort serverPort)
    {
        bool On(ushort port) => serverPort == port || clientPort == port;
        if (On(123) && bytes.Length >= 48 && (bytes[0] >> 3 & 7) is >= 3 and <= 4) return AppProto.Ntp;
        if ((On(67) || On(68)) && Dhcp.DhcpParser.Probe(bytes)) return AppProto.Dhcp;
        if ((On(161) || On(162)) && Snmp.SnmpParser.Probe(bytes)) return AppProto.Snmp;
        if (On(88) && Krb5.Krb5Parser.Probe(bytes, false)) return AppProto.Krb5;
        if (serverPort == 69 && Tftp.TftpParser.Probe(bytes)) return AppProto.Tftp;
        if ((On(500) || On(4500)) && bytes.Length >= 28 && (bytes[17] is 0x10 or 0x20)) return AppProto.Ike;
        if (Dcerpc.DcerpcParser.ProbeDatagram(bytes)) return AppProto.Dcerpc;
        if (Quic.QuicParser.Probe(bytes)) return AppProto.Quic;
        if (Sip.SipParser.Probe(bytes)) return AppProto.Sip;
        if (Bittorrent.DhtParser.Probe(bytes)) return AppProto.BittorrentDht;
        return AppProto.Unknown;
    }

    private static string ConfigName(AppProto protocol) => protocol == AppProto.Http1 ? "http" : AppProtoNames.Name(protocol);

    private static bool Starts(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> upper) => bytes.Length >= upper.Length && HttpHeaders.Same(bytes[..upper.Length], upper);

    private static AppProto TcpToServer(ReadOnlySpan<byte> bytes, ushort serverPort, ushort clientPort)
    {
        if (serverPort == 53 && DnsParser.Probe(bytes, true)) return AppProto.Dns;
        int skip = 0;
        while (skip < bytes.Length && skip < 4 && bytes[skip] is (byte)'\r' or (byte)'\n') skip++;
        ReadOnlySpan<byte> text = bytes[skip..];
        if (Starts(bytes, "PRI * HTTP/2.0"u8)) return AppProto.Http2;
        foreach (byte[] method in MethodBytes)
            if (text.Length > method.Length && Starts(text, method) && text[method.Length] is (byte)' ' or (byte)'\t' or 0x0b or 0x0c)
                return AppProto.Http1;
        AppProto common = Common(bytes);
        if (common != AppProto.Unknown) return common;
        if (Mqtt.MqttParser.Probe(bytes, true)) return AppProto.Mqtt;
        if (serverPort == 88 && Krb5.Krb5Parser.Probe(bytes, true)) return AppProto.Krb5;
        if (serverPort == 20000 && Dnp3.Dnp3Parser.Probe(bytes)) return AppProto.Dnp3;
        if (serverPort == 502 && Modbus.ModbusParser.Probe(bytes)) return AppProto.Modbus;
        if (serverPort == 5432 && Pgsql.PgsqlParser.Probe(bytes)) return AppProto.Pgsql;
        if (Starts(bytes, "EHLO "u8) || Starts(bytes, "HELO "u8) || Starts(bytes, "QUIT\r"u8) && serverPort is 25 or 465 or 587) return AppProto.Smtp;
        if (Starts(bytes, "USER "u8) || Starts(bytes, "PASS "u8) || Starts(bytes, "PORT "u8) || Starts(bytes, "AUTH SSL"u8)) return AppProto.Ftp;
        return AppProto.Unknown;
    }

    private static AppProto TcpToClient(ReadOnlySpan<byte> bytes, ushort serverPort, ushort clientPort)
    {
        if (serverPort == 53 && DnsParser.Probe(bytes, true)) return AppProto.Dns;
        if (Starts(bytes, "HTTP/"u8)) return AppProto.Http1;
        AppProto common = Common(bytes);
        if (common != AppProto.Unknown) return common;
        if (Mqtt.MqttParser.Probe(bytes, false)) return AppProto.Mqtt;
        if (serverPort == 88 && Krb5.Krb5Parser.Probe(bytes, true)) return AppProto.Krb5;
        if (serverPort == 20000 && Dnp3.Dnp3Parser.Probe(bytes)) return AppProto.Dnp3;
        if (serverPort == 21 && (Starts(bytes, "220 "u8) || Starts(bytes, "220-"u8))) return AppProto.Ftp;
        if (serverPort is 25 or 465 or 587 && (Starts(bytes, "220 "u8) || Starts(bytes, "220-"u8))) return AppProto.Smtp;
        return AppProto.Unknown;
    }

    private static AppProto Common(ReadOnlySpan<byte> bytes)
    {
        if (Starts(bytes, "SSH-"u8)) return AppProto.Ssh;
        if (Starts(bytes, "RFB 00"u8)) return AppProto.Rfb;
        if (bytes.Length >= 3 && bytes[0] == 0xff && bytes[1] is >= 0xfb and <= 0xfe) return AppProto.Telnet;
        if (bytes.Length >= 12 && bytes[0] == 3 && bytes[1] == 0 && bytes[5] == 0xe0 && (bytes.IndexOf("Cookie: mstshash"u8) == 11 || bytes.Length >= 19 && bytes[11] == 1 && bytes[13] == 8)) return AppProto.Rdp;
        if (Starts(bytes, "* OK "u8)) return AppProto.Imap;
        if (bytes.Length >= 3 && bytes[0] == 0x16 && bytes[1] == 3 && bytes[2] <= 3) return AppProto.Tls;
        if (bytes.Length >= 8 && (bytes[4] is 0xff or 0xfe or 0xfd) && bytes[5] == 'S' && bytes[6] == 'M' && bytes[7] == 'B' && bytes[0] == 0) return AppProto.Smb;
        if (bytes.Length >= 4 && bytes[0] is 0x81 or 0x82 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == (bytes[0] == 0x81 ? 68 : 0)) return AppProto.Smb; // RFC 1002 section 4.3.2
        if (Dcerpc.DcerpcParser.Probe(bytes)) return AppProto.Dcerpc;
        return AppProto.Unknown;
    }
}
