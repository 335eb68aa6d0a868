using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.AppLayer.Http;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>Tells a protocol by its first bytes: by what they say on any port, and by probing on the ports where it is at home.</summary>
internal sealed class ProtocolDetector(AppLayerOptions options)
{
    // Where the longest pattern of each direction ends: with that much seen, no pattern can match any more.
    private const int EnoughToServer = 17, EnoughToClient = 8;

    private readonly PortSet _dnsTcp = new(options, "dns/tcp", 53), _dnsUdp = new(options, "dns/udp", 53), _tls = new(options, "tls/tcp", 443), _smb = new(options, "smb/tcp", 139, 445),
        _mqtt = new(options, "mqtt/tcp", 1883), _kerberosTcp = new(options, "krb5/tcp", 88), _kerberosUdp = new(options, "krb5/udp", 88), _modbus = new(options, "modbus/tcp", 502),
        _pgsql = new(options, "pgsql/tcp", 5432), _dnp3 = new(options, "dnp3/tcp", 20000), _telnet = new(options, "telnet/tcp", 23), _rdp = new(options, "rdp/tcp", 3389), _ntp = new(options, "ntp/udp", 123), _dhcp = new(options, "dhcp/udp", 67, 68),
        _snmp = new(options, "snmp/udp", 161, 162), _tftp = new(options, "tftp/udp", 69), _ike = new(options, "ike/udp", 500), _enipTcp = new(options, "enip/tcp", 44818), _enipUdp = new(options, "enip/udp", 44818), _template = new(options, "template/tcp", 7000), _nfsTcp = new(options, "nfs/tcp", 2049),
        _nfsUdp = new(options, "nfs/udp", 2049), _quic = new(options, "quic/udp", 443, 80);

    /// <summary>The server ports where a protocol is at home.</summary>
    private sealed class PortSet(AppLayerOptions options, string name, params ushort[] stock)
    {
        private readonly HashSet<ushort> _ports = options.DetectionPorts.GetValueOrDefault(name) ?? [.. stock];

        public bool Has(ushort port) => _ports.Contains(port);
    }

    private static readonly string[] Methods = ["GET", "PUT", "POST", "HEAD", "TRACE", "OPTIONS", "CONNECT", "DELETE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK",
        "UNLOCK", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY", "MERGE", "INVALID", "VERSION-CONTROL", "BASELINE-CONTROL"];

    private static readonly byte[][] MethodBytes = Methods.Select(System.Text.Encoding.ASCII.GetBytes).ToArray();

    /// <summary>The protocol that this side alone tells; Unknown while more bytes could still tell; Failed when none fits.</summary>
    public AppProto Tcp(ReadOnlySpan<byte> bytes, bool toServer, ushort serverPort)
    {
        AppProto found = toServer ? TcpToServer(bytes, serverPort) : TcpToClient(bytes, serverPort);
        if (found is not (AppProto.Unknown or AppProto.Failed) && !options.Enabled(ConfigName(found))) found = AppProto.Unknown;
        if (Dcerpc.DcerpcParser.Begins(bytes)) return found; // looks like it; more may come
        return found == AppProto.Unknown && bytes.Length >= (toServer ? EnoughToServer : EnoughToClient) ? AppProto.Failed : found;
    }

    /// <summary>One datagram decides for its side; what is at home on a port is looked for at the server's port only.</summary>
    public AppProto Udp(ReadOnlySpan<byte> bytes, ushort serverPort)
    {
        AppProto found = _dnsUdp.Has(serverPort) && DnsParser.Probe(bytes, false) ? AppProto.Dns : Recognised(bytes, serverPort);
        return found != AppProto.Unknown && options.Enabled(AppProtoNames.Name(found)) ? found : AppProto.Failed;
    }

    /// <summary>Protocols over UDP that are named in flow records.</summary>
    private AppProto Recognised(ReadOnlySpan<byte> bytes, ushort serverPort)
    {
        if (_ntp.Has(serverPort) && Ntp.NtpParser.Probe(bytes)) return AppProto.Ntp;
        if (_dhcp.Has(serverPort) && Dhcp.DhcpParser.Probe(bytes)) return AppProto.Dhcp;
        if (_snmp.Has(serverPort) && Snmp.SnmpParser.Probe(bytes)) return AppProto.Snmp;
        if (_kerberosUdp.Has(serverPort) && Krb5.Krb5Parser.Probe(bytes, false)) return AppProto.Krb5;
        if (_tftp.Has(serverPort) && Tftp.TftpParser.Probe(bytes)) return AppProto.Tftp;
        if (_ike.Has(serverPort) && Ike.IkeParser.Probe(bytes)) return AppProto.Ike;
        if (_enipUdp.Has(serverPort) && Enip.EnipParser.Probe(bytes)) return AppProto.Enip;
        if (_nfsUdp.Has(serverPort) && Nfs.NfsParser.ProbeDatagram(bytes)) return AppProto.Nfs;
        if (Dcerpc.DcerpcParser.ProbeDatagram(bytes)) return AppProto.Dcerpc;
        if (_quic.Has(serverPort) && Quic.QuicParser.Probe(bytes)) return AppProto.Quic;
        if (Sip.SipParser.Probe(bytes)) return AppProto.Sip;
        if (Bittorrent.DhtParser.Probe(bytes)) return AppProto.BittorrentDht;
        return AppProto.Unknown;
    }

    private static string ConfigName(AppProto protocol) => protocol == AppProto.Http1 ? "http" : AppProtoNames.Name(protocol);

    private static bool Starts(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> upper) => bytes.Length >= upper.Length && HttpHeaders.Same(bytes[..upper.Length], upper);

    private AppProto TcpToServer(ReadOnlySpan<byte> bytes, ushort serverPort)
    {
        if (_dnsTcp.Has(serverPort) && DnsParser.Probe(bytes, true)) return AppProto.Dns;
        if (Starts(bytes, "PRI * HTTP/2.0"u8)) return AppProto.Http2;
        foreach (byte[] method in MethodBytes)
            if (bytes.Length > method.Length && Starts(bytes, method) && bytes[method.Length] is (byte)' ' or (byte)'\t')
                return AppProto.Http1;
        if (_rdp.Has(serverPort) && Rdp.RdpParser.Probe(bytes, true)) return AppProto.Rdp;
        AppProto common = Common(bytes, serverPort);
        if (common != AppProto.Unknown) return common;
        if (bytes.Length >= 5 && bytes[2] == 1 && (bytes[0] & 0x80) != 0 && (bytes[3] == 0 && bytes[4] == 2 || _tls.Has(serverPort))) return AppProto.Tls; // SSL 2 hello
        if (_mqtt.Has(serverPort) && Mqtt.MqttParser.Probe(bytes, true)) return AppProto.Mqtt;
        if (_kerberosTcp.Has(serverPort) && Krb5.Krb5Parser.Probe(bytes, true)) return AppProto.Krb5;
        if (_dnp3.Has(serverPort) && Dnp3.Dnp3Parser.Probe(bytes)) return AppProto.Dnp3;
        if (_enipTcp.Has(serverPort) && Enip.EnipParser.Probe(bytes)) return AppProto.Enip;
        if (_template.Has(serverPort) && options.Enabled("template") && Template.TemplateParser.Probe(bytes)) return AppProto.Template;
        if (_nfsTcp.Has(serverPort) && Nfs.NfsParser.ProbeStream(bytes, true)) return AppProto.Nfs;
        if (_modbus.Has(serverPort) && Modbus.ModbusParser.Probe(bytes)) return AppProto.Modbus;
        if (_pgsql.Has(serverPort) && Pgsql.PgsqlParser.Probe(bytes)) return AppProto.Pgsql;
        if (Starts(bytes, "EHLO"u8) || Starts(bytes, "HELO"u8) || Starts(bytes, "QUIT"u8)) return AppProto.Smtp;
        if (Starts(bytes, "USER "u8) || Starts(bytes, "PASS "u8) || Starts(bytes, "PORT "u8) || Starts(bytes, "FEAT"u8)) return AppProto.Ftp;
        return AppProto.Unknown;
    }

    // A greeting with 220 opens many protocols: those of FTP and SMTP are told by what the client says to it.
    private AppProto TcpToClient(ReadOnlySpan<byte> bytes, ushort serverPort)
    {
        if (_dnsTcp.Has(serverPort) && DnsParser.Probe(bytes, true)) return AppProto.Dns;
        if (Starts(bytes, "HTTP/1.1"u8) || Starts(bytes, "HTTP/1.0"u8) || Starts(bytes, "HTTP/0.9"u8)) return AppProto.Http1;
        if (serverPort == 80 && Http2.Http2Parser.Probe(bytes)) return AppProto.Http2;
        if (_rdp.Has(serverPort) && Rdp.RdpParser.Probe(bytes, false)) return AppProto.Rdp;
        AppProto common = Common(bytes, serverPort);
        if (common != AppProto.Unknown) return common;
        if (bytes.Length >= 3 && bytes[0] is 0x15 or 0x17 && bytes[1] == 3 && bytes[2] <= 3) return AppProto.Tls;
        if (_mqtt.Has(serverPort) && Mqtt.MqttParser.Probe(bytes, false)) return AppProto.Mqtt;
        if (_kerberosTcp.Has(serverPort) && Krb5.Krb5Parser.Probe(bytes, true)) return AppProto.Krb5;
        if (_dnp3.Has(serverPort) && Dnp3.Dnp3Parser.Probe(bytes)) return AppProto.Dnp3;
        if (_enipTcp.Has(serverPort) && Enip.EnipParser.Probe(bytes)) return AppProto.Enip;
        if (_template.Has(serverPort) && options.Enabled("template") && Template.TemplateParser.Probe(bytes)) return AppProto.Template;
        if (_nfsTcp.Has(serverPort) && Nfs.NfsParser.ProbeStream(bytes, false)) return AppProto.Nfs;
        if (_pgsql.Has(serverPort) && (bytes.Length == 1 && bytes[0] is (byte)'S' or (byte)'N' || bytes.Length > 5 && bytes[0] is (byte)'R' or (byte)'E' && bytes[1] == 0 && bytes[2] == 0)) return AppProto.Pgsql;
        return AppProto.Unknown;
    }

    private AppProto Common(ReadOnlySpan<byte> bytes, ushort serverPort)
    {
        if (_telnet.Has(serverPort) && bytes.Length > 1) return AppProto.Telnet;
        if (Starts(bytes, "SSH-"u8)) return AppProto.Ssh;
        if (Starts(bytes, "RFB 00"u8)) return AppProto.Rfb;
        if (bytes.Length >= 3 && bytes[0] == 0x16 && bytes[1] == 3 && bytes[2] <= 3) return AppProto.Tls;
        if (IsSmb(bytes)) return AppProto.Smb;
        if (_smb.Has(serverPort) && IsSmb(AfterSessionAnswers(bytes))) return AppProto.Smb;
        if (Dcerpc.DcerpcParser.Probe(bytes)) return AppProto.Dcerpc;
        return AppProto.Unknown;
    }

    private static bool IsSmb(ReadOnlySpan<byte> bytes) => bytes.Length >= 8 && (bytes[4] is 0xff or 0xfe or 0xfd) && bytes[5] == 'S' && bytes[6] == 'M' && bytes[7] == 'B' && bytes[0] == 0;

    /// <summary>Steps over what the session service says before the first message (RFC 1002 section 4.3): answers and keep-alives, four bytes each.</summary>
    private static ReadOnlySpan<byte> AfterSessionAnswers(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 4 && bytes[0] is 0x82 or 0x85 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0) bytes = bytes[4..];
        return bytes;
    }
}
