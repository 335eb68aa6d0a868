namespace Appliance.Sensing.Engine.AppLayer.Frames;

/// <summary>The kinds of frames that parsers mark in their streams. At most 64: wishes are kept as one bit each.</summary>
internal enum FrameType : byte
{
    None, Stream, Pdu, Hdr, Header, Data, Request, Response, Alert, Heartbeat, Ssl2Hdr, Ssl2Pdu,
    NbssPdu, NbssHdr, NbssData, Smb1Pdu, Smb1Hdr, Smb1Data, Smb2Pdu, Smb2Hdr, Smb2Data, Smb3Pdu, Smb3Hdr, Smb3Data,
    Ctl, RequestLine, RequestHeaders, RequestBody, ResponseLine, ResponseHeaders, ResponseBody,
    RpcPdu, RpcHdr, RpcData, RpcCreds, NfsPdu, NfsStatus, Nfs4Pdu, Nfs4Hdr, Nfs4Ops, Nfs4Status,
}

/// <summary>Which frames each protocol has, by the names that rules and records use.</summary>
internal static class FrameTable
{
    private static readonly string[] Names =
    [
        "", "stream", "pdu", "hdr", "header", "data", "request", "response", "alert", "heartbeat", "ssl2.hdr", "ssl2.pdu",
        "nbss.pdu", "nbss.hdr", "nbss.data", "smb1.pdu", "smb1.hdr", "smb1.data", "smb2.pdu", "smb2.hdr", "smb2.data", "smb3.pdu", "smb3.hdr", "smb3.data",
        "ctl", "request.line", "request.headers", "request.body", "response.line", "response.headers", "response.body",
        "rpc.pdu", "rpc.hdr", "rpc.data", "rpc.creds", "nfs.pdu", "nfs.status", "nfs4.pdu", "nfs4.hdr", "nfs4.ops", "nfs4.status",
    ];

    private static readonly Dictionary<AppProto, FrameType[]> Own = new()
    {
        [AppProto.Http1] = [FrameType.Request, FrameType.Response],
        [AppProto.Tls] = [FrameType.Pdu, FrameType.Hdr, FrameType.Data, FrameType.Alert, FrameType.Heartbeat, FrameType.Ssl2Hdr, FrameType.Ssl2Pdu],
        [AppProto.Smb] = Between(FrameType.NbssPdu, FrameType.Smb3Data),
        [AppProto.Dns] = [FrameType.Pdu],
        [AppProto.Nfs] = Between(FrameType.RpcPdu, FrameType.Nfs4Status),
        [AppProto.Sip] = [FrameType.Pdu, .. Between(FrameType.RequestLine, FrameType.ResponseBody)],
        [AppProto.Rfb] = [FrameType.Pdu],
        [AppProto.Mqtt] = [FrameType.Pdu, FrameType.Header, FrameType.Data],
        [AppProto.Telnet] = [FrameType.Pdu, FrameType.Ctl, FrameType.Data],
    };

    // protocols over TCP: all that has been said is a frame too
    private static readonly AppProto[] Streams =
    [
        AppProto.Http, AppProto.Http1, AppProto.Http2, AppProto.Ftp, AppProto.FtpData, AppProto.Smtp, AppProto.Tls, AppProto.Ssh, AppProto.Imap, AppProto.Smb, AppProto.Dcerpc, AppProto.Dns,
        AppProto.Nfs, AppProto.Krb5, AppProto.Rfb, AppProto.Mqtt, AppProto.Telnet, AppProto.Rdp, AppProto.Modbus, AppProto.Dnp3, AppProto.Enip, AppProto.Pgsql,
    ];

    private static FrameType[] Between(FrameType first, FrameType last) => Enumerable.Range((int)first, last - first + 1).Select(i => (FrameType)i).ToArray();

    public static string Name(FrameType type) => Names[(int)type];

    public static FrameType Find(AppProto protocol, string name)
    {
        var type = (FrameType)Math.Max(0, Array.IndexOf(Names, name));
        if (type == FrameType.Stream) return Streams.Contains(protocol) ? type : FrameType.None;
        return Own.TryGetValue(protocol, out FrameType[]? own) && own.Contains(type) ? type : FrameType.None;
    }

    /// <summary>Wishes for every frame there is, by protocol, one bit a type.</summary>
    public static ulong[] Everything()
    {
        var all = new ulong[Enum.GetValues<AppProto>().Length];
        foreach (AppProto protocol in Streams) all[(int)protocol] |= 1UL << (int)FrameType.Stream;
        foreach (var (protocol, types) in Own)
            foreach (FrameType type in types) all[(int)protocol] |= 1UL << (int)type;
        return all;
    }
}
