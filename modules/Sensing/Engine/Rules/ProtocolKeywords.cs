using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>The part of the keyword table that asks questions of one protocol's transactions.</summary>
internal static class ProtocolKeywords
{
    public static readonly Dictionary<string, KeywordTable.Reader> All = new()
    {
        ["dcerpc.iface"] = DcerpcKeywords.Interface, ["dce_iface"] = DcerpcKeywords.Interface, ["dcerpc.opnum"] = DcerpcKeywords.Operation, ["dce_opnum"] = DcerpcKeywords.Operation,
        ["mqtt.type"] = MqttKeywords.Type, ["mqtt.flags"] = MqttKeywords.Flags, ["mqtt.qos"] = MqttKeywords.Qos, ["mqtt.protocol_version"] = MqttKeywords.Version,
        ["mqtt.reason_code"] = MqttKeywords.ReasonCode, ["mqtt.connack.session_present"] = MqttKeywords.SessionPresent, ["mqtt.connect.flags"] = MqttKeywords.ConnectFlags,
    };
}
