namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>Everything a sticky buffer can name.</summary>
internal enum BufferId : byte
{
    None, Payload,
    HttpUri, HttpUriRaw, HttpMethod, HttpHost, HttpHostRaw, HttpUserAgent, HttpHeader, HttpHeaderRaw, HttpHeaderNames, HttpCookie, HttpRequestBody, HttpResponseBody,
    HttpStatCode, HttpStatMsg, HttpRequestLine, HttpResponseLine, HttpProtocol, HttpStart, HttpAccept, HttpAcceptEnc, HttpAcceptLang, HttpReferer, HttpConnection,
    HttpContentLen, HttpContentType, HttpServer, HttpLocation, HttpRequestHeader, HttpResponseHeader,
    FileData, FileName, FileMagic,
    DnsQuery,
    TlsSni, TlsCertSubject, TlsCertIssuer, TlsCertSerial, TlsCertFingerprint, TlsCerts, TlsRandom, TlsRandomTime, TlsRandomBytes, Ja3Hash, Ja3String, Ja3sHash, Ja3sString, Ja4Hash,
    SshProto, SshSoftware, SshHassh, SshHasshString, SshHasshServer, SshHasshServerString,
    SmtpHelo, SmtpMailFrom, SmtpRcptTo,
    FtpCommandBuffer, FtpDataCommand,
    SmbNamedPipe, SmbShare, SmbNtlmsspUser, SmbNtlmsspDomain, DceStubData, DceIface, DceOpnum,
    SnmpCommunity, SnmpUsm, SipMethod, SipUri, SipProtocol, SipStatCode, SipStatMsg, SipRequestLine, SipResponseLine,
    Krb5Cname, Krb5Sname, MqttClientId, MqttTopic, RfbName, QuicSni, QuicUa, QuicVersion, QuicCyuHash, QuicCyuString, DhcpDummy,
    Http2HeaderName, IkeDummy,
    FtpReplyBuffer, TlsAlpn,
    MqttTest, MqttConnackTest, MqttConnectUserName, MqttConnectPassword, MqttConnectWillTopic, MqttConnectWillMessage, MqttPublishTopic, MqttPublishMessage, MqttSubscribeTopic, MqttUnsubscribeTopic,
    SmbTest, DceTest, SnmpTest, Krb5Test, RfbTest, RfbResultTest, NfsTest, IkeTest, IkeChosenTest, DhcpTest, Http2Test, ModbusTest, Dnp3Test, Dnp3Data, EnipTest, SshTest, RpcTest,
    IkeInitSpi, IkeRespSpi, IkeVendor, IkeKeyExchange, IkeNonce,
    IpSource, IpDestination, IpV4Header, IpV6Header, TcpHeader, UdpHeader, Icmpv4Header, Icmpv6Header, IcmpPayload,
    TemplateBuffer,
    Base64Data,
    Frame,
    Max,
}

/// <summary>How a buffer behaves: whose it is, in which directions, and from what progress on it can be read.</summary>
internal sealed record BufferDescriptor(BufferId Id, string Name, AppProto[] Protocols, int ToServer, int ToClient, bool Multi = false, bool Streamed = false, bool Packet = false)
{
    /// <summary>-1: the buffer does not exist in that direction.</summary>
    public int ProgressFor(bool toServer) => toServer ? ToServer : ToClient;
}

/// <summary>The one table of sticky buffers: rule name, protocols, progress per direction.</summary>
internal static class BufferTable
{
    private static readonly AppProto[] Web = [AppProto.Http1, AppProto.Http2];
    private static readonly AppProto[] Files = [AppProto.Http1, AppProto.Http2, AppProto.Smtp, AppProto.FtpData, AppProto.Smb, AppProto.Nfs];
    private static readonly AppProto[] Tls = [AppProto.Tls];
    private static readonly AppProto[] TlsQuic = [AppProto.Tls, AppProto.Quic];
    private static readonly AppProto[] Ssh = [AppProto.Ssh];

    // progress of HTTP: 1 line, 2 headers, 3 body, 5 complete (see HttpTransaction)
    public static readonly BufferDescriptor[] All =
    [
        new(BufferId.Payload, "payload", [], 0, 0),
        new(BufferId.HttpUri, "http.uri", Web, 1, -1),
        new(BufferId.HttpUriRaw, "http.uri.raw", Web, 1, -1),
        new(BufferId.HttpMethod, "http.method", Web, 1, -1),
        new(BufferId.HttpHost, "http.host", Web, 3, -1),
        new(BufferId.HttpHostRaw, "http.host.raw", Web, 3, -1),
        new(BufferId.HttpUserAgent, "http.user_agent", Web, 3, -1),
        new(BufferId.HttpHeader, "http.header", Web, 3, 3),
        new(BufferId.HttpHeaderRaw, "http.header.raw", Web, 3, 3),
        new(BufferId.HttpHeaderNames, "http.header_names", Web, 3, 3),
        new(BufferId.HttpCookie, "http.cookie", Web, 3, 3),
        new(BufferId.HttpRequestBody, "http.request_body", Web, 3, -1, Streamed: true),
        new(BufferId.HttpResponseBody, "http.response_body", Web, -1, 3, Streamed: true),
        new(BufferId.HttpStatCode, "http.stat_code", Web, -1, 1),
        new(BufferId.HttpStatMsg, "http.stat_msg", Web, -1, 1),
        new(BufferId.HttpRequestLine, "http.request_line", Web, 1, -1),
        new(BufferId.HttpResponseLine, "http.response_line", Web, -1, 1),
        new(BufferId.HttpProtocol, "http.protocol", Web, 1, 1),
        new(BufferId.HttpStart, "http.start", Web, 3, 3),
        new(BufferId.HttpAccept, "http.accept", Web, 3, -1),
        new(BufferId.HttpAcceptEnc, "http.accept_enc", Web, 3, -1),
        new(BufferId.HttpAcceptLang, "http.accept_lang", Web, 3, -1),
        new(BufferId.HttpReferer, "http.referer", Web, 3, -1),
        new(BufferId.HttpConnection, "http.connection", Web, 3, 3),
        new(BufferId.HttpContentLen, "http.content_len", Web, 3, 3),
        new(BufferId.HttpContentType, "http.content_type", Web, 3, 3),
        new(BufferId.HttpServer, "http.server", Web, -1, 3),
        new(BufferId.HttpLocation, "http.location", Web, -1, 3),
        new(BufferId.HttpRequestHeader, "http.request_header", Web, 3, -1, Multi: true),
        new(BufferId.HttpResponseHeader, "http.response_header", Web, -1, 3, Multi: true),
        new(BufferId.FileData, "file.data", Files, 3, 3, Multi: true, Streamed: true),
        new(BufferId.FileName, "file.name", Files, 3, 3, Multi: true),
        new(BufferId.FileMagic, "file.magic", Files, 3, 3, Multi: true),
        new(BufferId.DnsQuery, "dns.query", [AppProto.Dns], 1, -1, Multi: true),
        new(BufferId.TlsSni, "tls.sni", TlsQuic, 1, -1),
        new(BufferId.TlsAlpn, "tls.alpn", Tls, 1, 1, Multi: true),
        new(BufferId.TlsCertSubject, "tls.cert_subject", Tls, 2, 2),
        new(BufferId.TlsCertIssuer, "tls.cert_issuer", Tls, 2, 2),
        new(BufferId.TlsCertSerial, "tls.cert_serial", Tls, 2, 2),
        new(BufferId.TlsCertFingerprint, "tls.cert_fingerprint", Tls, 2, 2),
        new(BufferId.TlsCerts, "tls.certs", Tls, 2, 2, Multi: true),
        new(BufferId.TlsRandom, "tls.random", Tls, 1, 1),
        new(BufferId.TlsRandomTime, "tls.random_time", Tls, 1, 1),
        new(BufferId.TlsRandomBytes, "tls.random_bytes", Tls, 1, 1),
        new(BufferId.Ja3Hash, "ja3.hash", TlsQuic, 1, -1),
        new(BufferId.Ja3String, "ja3.string", TlsQuic, 1, -1),
        new(BufferId.Ja3sHash, "ja3s.hash", TlsQuic, -1, 1),
        new(BufferId.Ja3sString, "ja3s.string", TlsQuic, -1, 1),
        new(BufferId.Ja4Hash, "ja4.hash", TlsQuic, 1, -1),
        new(BufferId.SshProto, "ssh.proto", Ssh, 1, 1),
        new(BufferId.SshSoftware, "ssh.software", Ssh, 1, 1),
        new(BufferId.SshHassh, "ssh.hassh", Ssh, 2, -1),
        new(BufferId.SshHasshString, "ssh.hassh.string", Ssh, 2, -1),
        new(BufferId.SshHasshServer, "ssh.hassh.server", Ssh, -1, 2),
        new(BufferId.SshHasshServerString, "ssh.hassh.server.string", Ssh, -1, 2),
        new(BufferId.FtpDataCommand, "(ftpdata_command)", [AppProto.FtpData], 0, 0),
        new(BufferId.Frame, "(frame)", [], 0, 0),
        new(BufferId.IpSource, "ip.src", [], 0, 0, Packet: true),
        new(BufferId.IpDestination, "ip.dst", [], 0, 0, Packet: true),
        new(BufferId.IpV4Header, "ipv4.hdr", [], 0, 0, Packet: true),
        new(BufferId.IpV6Header, "ipv6.hdr", [], 0, 0, Packet: true),
        new(BufferId.TcpHeader, "tcp.hdr", [], 0, 0, Packet: true),
        new(BufferId.UdpHeader, "udp.hdr", [], 0, 0, Packet: true),
        new(BufferId.Icmpv4Header, "icmpv4.hdr", [], 0, 0, Packet: true),
        new(BufferId.Icmpv6Header, "icmpv6.hdr", [], 0, 0, Packet: true),
        .. ProtocolBuffers.All,
    ];

    private static readonly Dictionary<string, BufferDescriptor> ByName = All.ToDictionary(b => b.Name);
    private static readonly BufferDescriptor?[] ById = Enumerable.Range(0, (int)BufferId.Max).Select(i => All.FirstOrDefault(b => (int)b.Id == i)).ToArray();

    // spellings of older rules that are sticky buffers themselves
    private static readonly Dictionary<string, string> Aliases = new()
    {
        ["http_request_line"] = "http.request_line", ["http_response_line"] = "http.response_line", ["http_header_names"] = "http.header_names", ["http_protocol"] = "http.protocol",
        ["http_start"] = "http.start", ["http_accept"] = "http.accept", ["http_accept_enc"] = "http.accept_enc", ["http_accept_lang"] = "http.accept_lang",
        ["http_referer"] = "http.referer", ["http_connection"] = "http.connection", ["http_content_len"] = "http.content_len", ["http_content_type"] = "http.content_type",
        ["file_data"] = "file.data", ["dns_query"] = "dns.query", ["tls_sni"] = "tls.sni", ["tls_cert_subject"] = "tls.cert_subject", ["tls_cert_issuer"] = "tls.cert_issuer",
        ["tls_cert_serial"] = "tls.cert_serial", ["tls_cert_fingerprint"] = "tls.cert_fingerprint", ["ja3_hash"] = "ja3.hash", ["ja3_string"] = "ja3.string",
        ["ssh_proto"] = "ssh.proto", ["ssh_software"] = "ssh.software", ["smb_named_pipe"] = "smb.named_pipe", ["smb_share"] = "smb.share", ["dcerpc.stub_data"] = "dce_stub_data", ["krb5_cname"] = "krb5.cname", ["krb5_sname"] = "krb5.sname",
    };

    // old style: the modifier follows the content it speaks of
    private static readonly Dictionary<string, string> Modifiers = new()
    {
        ["http_uri"] = "http.uri", ["http_raw_uri"] = "http.uri.raw", ["http_method"] = "http.method", ["http_host"] = "http.host", ["http_raw_host"] = "http.host.raw",
        ["http_user_agent"] = "http.user_agent", ["http_header"] = "http.header", ["http_raw_header"] = "http.header.raw", ["http_cookie"] = "http.cookie",
        ["http_client_body"] = "http.request_body", ["http_server_body"] = "http.response_body", ["http_stat_code"] = "http.stat_code", ["http_stat_msg"] = "http.stat_msg",
    };

    public static BufferDescriptor? Find(string keyword) =>
        ByName.TryGetValue(keyword, out BufferDescriptor? found) && found.Id != BufferId.Payload ? found
        : Aliases.TryGetValue(keyword, out string? name) ? ByName[name] : null;

    public static BufferDescriptor? FindModifier(string keyword) => Modifiers.TryGetValue(keyword, out string? name) ? ByName[name] : null;

    public static BufferDescriptor Of(BufferId id) => ById[(int)id] ?? throw new ArgumentOutOfRangeException(nameof(id));

    public static IEnumerable<string> Keywords => ByName.Keys.Where(k => k != "payload" && k[0] != '(').Concat(Aliases.Keys).Concat(Modifiers.Keys);
}
