using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>The part of the keyword table that asks questions of one protocol's transactions.</summary>
internal static class ProtocolKeywords
{
    public static readonly Dictionary<string, KeywordTable.Reader> All = new()
    {
        ["dcerpc.iface"] = DcerpcKeywords.Interface, ["dce_iface"] = DcerpcKeywords.Interface, ["dcerpc.opnum"] = DcerpcKeywords.Operation, ["dce_opnum"] = DcerpcKeywords.Operation,
        ["snmp.version"] = NumberTests.SnmpVersion, ["snmp.pdu_type"] = NumberTests.SnmpPduType, ["rfb.sectype"] = NumberTests.RfbSecurity, ["rfb.secresult"] = NumberTests.RfbResult,
        ["krb5_msg_type"] = NumberTests.Krb5Type, ["krb5_err_code"] = NumberTests.Krb5Error, ["krb5.ticket_encryption"] = NumberTests.Krb5Ticket,
        ["dhcp.leasetime"] = NumberTests.DhcpLease, ["dhcp.renewal_time"] = NumberTests.DhcpRenewal, ["dhcp.rebinding_time"] = NumberTests.DhcpRebinding,
        ["dnp3_func"] = Dnp3Keywords.Function, ["dnp3_ind"] = Dnp3Keywords.Indications, ["dnp3_obj"] = Dnp3Keywords.Object,
        ["http2.frametype"] = Http2Keywords.FrameType, ["http2.errorcode"] = Http2Keywords.ErrorCode, ["http2.priority"] = Http2Keywords.Priority,
        ["http2.window"] = Http2Keywords.Window, ["http2.size_update"] = Http2Keywords.SizeUpdate, ["http2.settings"] = Http2Keywords.Settings,
        ["ike.exchtype"] = IkeKeywords.Exchange, ["ike.key_exchange_payload_length"] = IkeKeywords.KeyLength, ["ike.nonce_payload_length"] = IkeKeywords.NonceLength,
        ["ike.chosen_sa_attribute"] = IkeKeywords.ChosenAttribute,
        ["nfs_procedure"] = NfsKeywords.Procedure, ["nfs.version"] = NfsKeywords.Version, ["nfs_version"] = NfsKeywords.Version,
        ["enip_command"] = EnipKeywords.Command, ["cip_service"] = EnipKeywords.Service,
        ["ftpdata_command"] = NumberTests.FtpDataCommand,
        ["modbus"] = ModbusKeywords.Modbus,
        ["mqtt.type"] = MqttKeywords.Type, ["mqtt.flags"] = MqttKeywords.Flags, ["mqtt.qos"] = MqttKeywords.Qos, ["mqtt.protocol_version"] = MqttKeywords.Version,
        ["mqtt.reason_code"] = MqttKeywords.ReasonCode, ["mqtt.connack.session_present"] = MqttKeywords.SessionPresent, ["mqtt.connect.flags"] = MqttKeywords.ConnectFlags,
    };
}
