namespace Appliance.Sensing.Engine.AppLayer;

internal enum AppProto : byte { Unknown, Failed, Http1, Dns, Tls, Smtp, Ssh, Ftp, FtpData, Smb, Dcerpc, Imap, Http, Http2, Ntp, Dhcp, Tftp, Krb5, Snmp, Sip, Rdp, Rfb, Mqtt, Telnet, Nfs, Ike, Quic, Modbus, Dnp3, Enip, Pgsql, Template, BittorrentDht }

internal static class AppProtoNames
{
    private static readonly string[] Eve = ["", "failed", "http", "dns", "tls", "smtp", "ssh", "ftp", "ftp-data", "smb", "dcerpc", "imap", "http_any", "http2", "ntp", "dhcp",
        "tftp", "krb5", "snmp", "sip", "rdp", "rfb", "mqtt", "telnet", "nfs", "ike", "quic", "modbus", "dnp3", "enip", "pgsql", "template", "bittorrent-dht"];

    public static string Name(AppProto protocol) => Eve[(int)protocol];

    /// <summary>A protocol by the name rules use.</summary>
    public static AppProto Parse(string name) => name switch
    {
        "http" => AppProto.Http,
        "http1" => AppProto.Http1,
        "ftp-data" => AppProto.FtpData,
        "dce_rpc" => AppProto.Dcerpc,
        "ikev1" or "ikev2" => AppProto.Ike,
        "" => AppProto.Unknown,
        _ => (AppProto)Math.Max(0, System.Array.IndexOf(Eve, name)),
    };

    /// <summary>Does a flow of one protocol satisfy a rule that names another? http stands for both of its versions.</summary>
    public static bool Fits(AppProto rule, AppProto flow) => rule == flow || rule == AppProto.Http && flow is (AppProto.Http1 or AppProto.Http2) || rule == AppProto.Dcerpc && flow == AppProto.Smb;
}
