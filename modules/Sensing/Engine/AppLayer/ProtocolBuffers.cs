namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>
/// The part of the buffer table for protocols beyond the web, names and mail. A name in parentheses is no keyword: it says in which protocols and
/// directions a test (<see cref="AppTest"/>) can be asked.
/// </summary>
internal static class ProtocolBuffers
{
    private static readonly AppProto[] Mqtt = [AppProto.Mqtt];
    private static readonly AppProto[] Smb = [AppProto.Smb];
    private static readonly AppProto[] Rpc = [AppProto.Dcerpc, AppProto.Smb];
    private static readonly AppProto[] Snmp = [AppProto.Snmp];
    private static readonly AppProto[] Ike = [AppProto.Ike];
    private static readonly AppProto[] Sip = [AppProto.Sip];

    public static BufferDescriptor[] All =>
    [
        new(BufferId.MqttTest, "(mqtt)", Mqtt, 0, -1),
        new(BufferId.MqttConnackTest, "(mqtt.connack)", Mqtt, -1, 0),
        new(BufferId.MqttClientId, "mqtt.connect.clientid", Mqtt, 0, -1),
        new(BufferId.MqttConnectUserName, "mqtt.connect.username", Mqtt, 0, -1),
        new(BufferId.MqttConnectPassword, "mqtt.connect.password", Mqtt, 0, -1),
        new(BufferId.MqttConnectWillTopic, "mqtt.connect.willtopic", Mqtt, 0, -1),
        new(BufferId.MqttConnectWillMessage, "mqtt.connect.willmessage", Mqtt, 0, -1),
        new(BufferId.MqttPublishTopic, "mqtt.publish.topic", Mqtt, 0, -1),
        new(BufferId.MqttPublishMessage, "mqtt.publish.message", Mqtt, 0, -1),
        new(BufferId.MqttSubscribeTopic, "mqtt.subscribe.topic", Mqtt, 0, -1, Multi: true),
        new(BufferId.MqttUnsubscribeTopic, "mqtt.unsubscribe.topic", Mqtt, 0, -1, Multi: true),
        new(BufferId.SmbNamedPipe, "smb.named_pipe", Smb, 5, -1),
        new(BufferId.SmbShare, "smb.share", Smb, 0, -1),
        new(BufferId.SmbNtlmsspUser, "smb.ntlmssp_user", Smb, 5, -1),
        new(BufferId.SmbNtlmsspDomain, "smb.ntlmssp_domain", Smb, 5, -1),
        new(BufferId.DceStubData, "dce_stub_data", Rpc, 0, 0),
        new(BufferId.DceTest, "(dcerpc)", Rpc, 0, 0),
        new(BufferId.SnmpCommunity, "snmp.community", Snmp, 0, 0),
        new(BufferId.SnmpUsm, "snmp.usm", Snmp, 0, 0),
        new(BufferId.SnmpTest, "(snmp)", Snmp, 0, 0),
        new(BufferId.RfbName, "rfb.name", [AppProto.Rfb], -1, 1),
        new(BufferId.RfbTest, "(rfb)", [AppProto.Rfb], 0, -1),
        new(BufferId.RfbResultTest, "(rfb.result)", [AppProto.Rfb], -1, 0),
        new(BufferId.Krb5Cname, "krb5.cname", [AppProto.Krb5], 0, 0, Multi: true),
        new(BufferId.Krb5Sname, "krb5.sname", [AppProto.Krb5], 0, 0, Multi: true),
        new(BufferId.Krb5Test, "(krb5)", [AppProto.Krb5], 0, 0),
        new(BufferId.DhcpTest, "(dhcp)", [AppProto.Dhcp], 0, 0),
        new(BufferId.Http2Test, "(http2)", [AppProto.Http2], 0, 0),
        new(BufferId.Http2HeaderName, "http2.header_name", [AppProto.Http2], 2, 2, Multi: true),
        new(BufferId.ModbusTest, "(modbus)", [AppProto.Modbus], 0, -1),
        new(BufferId.Dnp3Test, "(dnp3)", [AppProto.Dnp3], 1, 1),
        new(BufferId.Dnp3Data, "dnp3.data", [AppProto.Dnp3], 1, 1),
        new(BufferId.IkeTest, "(ike)", Ike, 0, 0),
        new(BufferId.IkeChosenTest, "(ike.chosen)", Ike, -1, 0),
        new(BufferId.IkeInitSpi, "ike.init_spi", Ike, 0, -1),
        new(BufferId.IkeRespSpi, "ike.resp_spi", Ike, -1, 0),
        new(BufferId.IkeVendor, "ike.vendor", Ike, 0, -1, Multi: true),
        new(BufferId.IkeKeyExchange, "ike.key_exchange_payload", Ike, 0, 0),
        new(BufferId.IkeNonce, "ike.nonce_payload", Ike, 0, 0),
        new(BufferId.NfsTest, "(nfs)", [AppProto.Nfs], 0, -1),
        new(BufferId.EnipTest, "(enip)", [AppProto.Enip], 0, 0),
        new(BufferId.TemplateBuffer, "template.buffer", [AppProto.Template], 1, 1),
        new(BufferId.QuicVersion, "quic.version", [AppProto.Quic], 0, 0),
        new(BufferId.QuicSni, "quic.sni", [AppProto.Quic], 0, -1),
        new(BufferId.QuicUa, "quic.ua", [AppProto.Quic], 0, -1),
        new(BufferId.QuicCyuHash, "quic.cyu.hash", [AppProto.Quic], 0, -1),
        new(BufferId.QuicCyuString, "quic.cyu.string", [AppProto.Quic], 0, -1),
        new(BufferId.SipMethod, "sip.method", Sip, 0, -1),
        new(BufferId.SipUri, "sip.uri", Sip, 0, -1),
        new(BufferId.SipProtocol, "sip.protocol", Sip, 0, 0),
        new(BufferId.SipStatCode, "sip.stat_code", Sip, -1, 0),
        new(BufferId.SipStatMsg, "sip.stat_msg", Sip, -1, 0),
        new(BufferId.SipRequestLine, "sip.request_line", Sip, 0, -1),
        new(BufferId.SipResponseLine, "sip.response_line", Sip, -1, 0),
    ];
}
