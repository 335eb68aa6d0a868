using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Mqtt;

internal sealed class MqttTransaction : Transaction
{
    public readonly List<MqttMessage> Messages = new(2);
    public bool FromClient;
    public byte Version;
    public long PacketId;
    public required MqttOptions Options;

    public override int Complete => 1;
    public override bool RecordFollowsFlow => true;
    public override bool RecordToServer => FromClient;
    public override bool Uses(bool toServer) => toServer == FromClient;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        bool multi = buffer is BufferId.MqttSubscribeTopic or BufferId.MqttUnsubscribeTopic;
        if (index > 0 && !multi) return false;
        foreach (MqttMessage message in Messages)
        {
            switch (buffer)
            {
                case BufferId.MqttSubscribeTopic when message.Type == MqttType.Subscribe:
                case BufferId.MqttUnsubscribeTopic when message.Type == MqttType.Unsubscribe:
                    if (index < message.Topics.Count)
                    {
                        bytes = message.Topics[index].Topic;
                        return true;
                    }
                    index -= message.Topics.Count;
                    continue;
                case BufferId.MqttClientId when message.Type == MqttType.Connect: bytes = message.ClientId; break;
                case BufferId.MqttConnectUserName when message.Type == MqttType.Connect: bytes = message.UserName; break;
                case BufferId.MqttConnectPassword when message.Type == MqttType.Connect: bytes = message.Password; break;
                case BufferId.MqttConnectWillTopic when message.Type == MqttType.Connect: bytes = message.WillTopic; break;
                case BufferId.MqttConnectWillMessage when message.Type == MqttType.Connect: bytes = message.WillMessage; break;
                case BufferId.MqttPublishTopic when message.Type == MqttType.Publish: bytes = message.Topic; break;
                case BufferId.MqttPublishMessage when message.Type == MqttType.Publish: bytes = message.Payload; break;
                default: continue;
            }
            if (!bytes.IsEmpty) return true;
        }
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("mqtt"u8);
        foreach (MqttMessage message in Messages)
            if (message.Type != MqttType.Unassigned) Write(to, message);
        to.Close();
        return true;
    }

    private void Write(EveWriter to, MqttMessage m)
    {
        to.Open(MqttNames.Of(m.Type));
        to.Number("qos"u8, m.Qos);
        to.Bool("retain"u8, m.Retain);
        to.Bool("dup"u8, m.Dup);
        if (m.Truncated)
        {
            to.Bool("truncated"u8, true);
            to.Number("skipped_length"u8, m.SkippedLength);
            to.Close();
            return;
        }
        switch (m.Type)
        {
            case MqttType.Connect:
                WriteConnect(to, m);
                break;
            case MqttType.Connack:
                to.Bool("session_present"u8, m.SessionPresent);
                to.Number("return_code"u8, m.ReasonCode);
                break;
            case MqttType.Publish:
                to.Text("topic"u8, m.Topic);
                if (m.MessageId >= 0) to.Number("message_id"u8, m.MessageId);
                to.Text("message"u8, m.Payload);
                break;
            case MqttType.Subscribe:
                to.Number("message_id"u8, m.MessageId);
                to.OpenArray("topics"u8);
                foreach (var (topic, qos) in m.Topics)
                {
                    to.OpenItem();
                    to.Text("topic"u8, topic);
                    to.Number("qos"u8, qos);
                    to.Close();
                }
                to.CloseArray();
                break;
            case MqttType.Unsubscribe:
                to.Number("message_id"u8, m.MessageId);
                to.OpenArray("topics"u8);
                foreach (var (topic, _) in m.Topics) to.Item(topic);
                to.CloseArray();
                break;
            case MqttType.Suback or MqttType.Unsuback:
                to.Number("message_id"u8, m.MessageId);
                if (m.Codes.Length > 0 || m.Type == MqttType.Suback)
                {
                    to.OpenArray(m.Type == MqttType.Suback ? "qos_granted"u8 : "reason_codes"u8);
                    foreach (byte code in m.Codes) to.Item(code);
                    to.CloseArray();
                }
                break;
            default:
                if (m.MessageId >= 0) to.Number("message_id"u8, m.MessageId);
                if (m.ReasonCode >= 0) to.Number("reason_code"u8, m.ReasonCode);
                break;
        }
        WriteProperties(to, m.Properties);
        to.Close();
    }

    private void WriteConnect(EveWriter to, MqttMessage m)
    {
        to.Text("protocol_string"u8, m.Protocol);
        to.Number("protocol_version"u8, m.ProtocolVersion);
        to.Text("client_id"u8, m.ClientId);
        to.Open("flags"u8);
        to.Bool("username"u8, (m.ConnectFlags & 0x80) != 0);
        to.Bool("password"u8, (m.ConnectFlags & 0x40) != 0);
        to.Bool("will_retain"u8, (m.ConnectFlags & 0x20) != 0);
        to.Bool("will"u8, (m.ConnectFlags & 4) != 0);
        to.Bool("clean_session"u8, (m.ConnectFlags & 2) != 0);
        to.Close();
        if ((m.ConnectFlags & 0x80) != 0) to.Text("username"u8, m.UserName);
        if (Options.ShowPasswords && (m.ConnectFlags & 0x40) != 0) to.Text("password"u8, m.Password);
        if ((m.ConnectFlags & 4) == 0) return;
        to.Open("will"u8);
        to.Text("topic"u8, m.WillTopic);
        to.Text("message"u8, m.WillMessage);
        WriteProperties(to, m.WillProperties);
        to.Close();
    }

    private static void WriteProperties(EveWriter to, List<MqttProperty>? properties)
    {
        if (properties == null) return;
        to.Open("properties"u8);
        foreach (MqttProperty property in properties)
        {
            if (property.Text != null) to.NamedText(property.Name, property.Text);
            else to.Number(property.Name, property.Number);
        }
        to.Close();
    }
}

internal static class MqttNames
{
    private static readonly byte[][] Names =
        ["unassigned"u8.ToArray(), "connect"u8.ToArray(), "connack"u8.ToArray(), "publish"u8.ToArray(), "puback"u8.ToArray(), "pubrec"u8.ToArray(), "pubrel"u8.ToArray(), "pubcomp"u8.ToArray(),
         "subscribe"u8.ToArray(), "suback"u8.ToArray(), "unsubscribe"u8.ToArray(), "unsuback"u8.ToArray(), "pingreq"u8.ToArray(), "pingresp"u8.ToArray(), "disconnect"u8.ToArray(), "auth"u8.ToArray()];

    public static ReadOnlySpan<byte> Of(MqttType type) => Names[(int)type & 15];
}
