using Appliance.Sensing.Engine.AppLayer.Bittorrent;
using Appliance.Sensing.Engine.AppLayer.Dcerpc;
using Appliance.Sensing.Engine.AppLayer.Dhcp;
using Appliance.Sensing.Engine.AppLayer.Dnp3;
using Appliance.Sensing.Engine.AppLayer.Dns;
using Appliance.Sensing.Engine.AppLayer.Enip;
using Appliance.Sensing.Engine.AppLayer.Ftp;
using Appliance.Sensing.Engine.AppLayer.Http2;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.AppLayer.Ike;
using Appliance.Sensing.Engine.AppLayer.Krb5;
using Appliance.Sensing.Engine.AppLayer.Modbus;
using Appliance.Sensing.Engine.AppLayer.Mqtt;
using Appliance.Sensing.Engine.AppLayer.Nfs;
using Appliance.Sensing.Engine.AppLayer.Ntp;
using Appliance.Sensing.Engine.AppLayer.Pgsql;
using Appliance.Sensing.Engine.AppLayer.Quic;
using Appliance.Sensing.Engine.AppLayer.Rdp;
using Appliance.Sensing.Engine.AppLayer.Rfb;
using Appliance.Sensing.Engine.AppLayer.Sip;
using Appliance.Sensing.Engine.AppLayer.Smb;
using Appliance.Sensing.Engine.AppLayer.Smtp;
using Appliance.Sensing.Engine.AppLayer.Snmp;
using Appliance.Sensing.Engine.AppLayer.Ssh;
using Appliance.Sensing.Engine.AppLayer.Telnet;
using Appliance.Sensing.Engine.AppLayer.Tftp;
using Appliance.Sensing.Engine.AppLayer.Tls;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>The one table of protocol parsers.</summary>
internal static class ParserTable
{
    public static AppParser? Make(AppProto protocol, AppState state, bool tcp, AppLayerOptions options) => protocol switch
    {
        AppProto.Http1 => new HttpParser(state),
        AppProto.Http2 => new Http2Parser(state, options.Http2),
        AppProto.Dns => new DnsParser(state, tcp),
        AppProto.Tls => new TlsParser(state),
        AppProto.Ssh => new SshParser(state),
        AppProto.Smtp => new SmtpParser(state),
        AppProto.Ftp => new FtpParser(state),
        AppProto.FtpData => new FtpDataParser(state),
        AppProto.Dcerpc => new DcerpcParser(state, tcp),
        AppProto.Dnp3 => new Dnp3Parser(state, options.Dnp3),
        AppProto.Ike => new IkeParser(state),
        AppProto.Nfs => new NfsParser(state, tcp, options.NfsMaxTransactions),
        AppProto.Enip => new EnipParser(state, tcp),
        AppProto.Ntp => new NtpParser(state),
        AppProto.Template => new Template.TemplateParser(state),
        AppProto.Modbus => new ModbusParser(state),
        AppProto.Pgsql => new PgsqlParser(state, options.PgsqlPasswords),
        AppProto.Quic => new QuicParser(state),
        AppProto.Smb => new SmbParser(state),
        AppProto.Snmp => new SnmpParser(state),
        AppProto.Rdp => new RdpParser(state),
        AppProto.Rfb => new RfbParser(state),
        AppProto.Krb5 => new Krb5Parser(state, tcp),
        AppProto.Dhcp => new DhcpParser(state),
        AppProto.Telnet => new TelnetParser(),
        AppProto.Tftp => new TftpParser(state),
        AppProto.Sip => new SipParser(state),
        AppProto.BittorrentDht => new DhtParser(state),
        AppProto.Mqtt => new MqttParser(state, options.Mqtt),
        _ => null,
    };

    public static readonly AppProto[] Known = [AppProto.Http1, AppProto.Http2, AppProto.Dns, AppProto.Tls, AppProto.Ssh, AppProto.Smtp, AppProto.Ftp, AppProto.FtpData,
        AppProto.Modbus, AppProto.Pgsql, AppProto.Quic, AppProto.Smb, AppProto.Dcerpc, AppProto.Mqtt, AppProto.Snmp, AppProto.Rdp, AppProto.Rfb, AppProto.Telnet, AppProto.Krb5, AppProto.Dhcp, AppProto.Tftp, AppProto.Sip, AppProto.BittorrentDht, AppProto.Dnp3, AppProto.Enip, AppProto.Ike, AppProto.Nfs, AppProto.Ntp];
}
