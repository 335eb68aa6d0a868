namespace Appliance.Sensing.Engine.AppLayer.Mqtt;

/// <summary>Control packet types (MQTT 3.1.1 section 2.2.1, MQTT 5 section 2.1.2).</summary>
internal enum MqttType : byte
{
    Unassigned, Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback, Unsubscribe, Unsuback, Pingreq, Pingresp, Disconnect, Auth,
}

/// <summary>A property of MQTT 5 (section 2.2.2.2): a number, or bytes.</summary>
internal readonly record struct MqttProperty(byte[] Name, byte[]? Text, long Number);

/// <summary>One control packet, read whole. What its type does not have stays empty.</summary>
internal sealed class MqttMessage
{
    private const int MaxItems = 256;
    public MqttType Type;
    public byte Qos;
    public bool Retain, Dup;
    public bool Truncated;
    public uint SkippedLength;
    public int MessageId = -1;
    public byte[] Protocol = [];
    public byte ProtocolVersion;
    public byte ConnectFlags;
    public byte[] ClientId = [], UserName = [], Password = [], WillTopic = [], WillMessage = [];
    public byte[] Topic = [], Payload = [];
    public bool SessionPresent;
    public int ReasonCode = -1;
    public byte[] Codes = [];                                    // SUBACK, UNSUBACK
    public readonly List<(byte[] Topic, byte Qos)> Topics = new(0);
    public List<MqttProperty>? Properties, WillProperties;

    /// <summary>Reads the part behind the fixed header; false when it does not hold what its type must.</summary>
    public static bool Read(byte first, ReadOnlySpan<byte> body, byte version, out MqttMessage message)
    {
        message = Head(first);
        var wire = new Wire(body);
        switch (message.Type)
        {
            case MqttType.Connect: message.ReadConnect(ref wire); break;
            case MqttType.Connack:
                message.SessionPresent = (wire.U8() & 1) != 0;
                message.ReasonCode = wire.U8();
                if (version == 5) message.Properties = ReadProperties(ref wire);
                break;
            case MqttType.Publish:
                message.Topic = Text(ref wire);
                if (message.Qos > 0) message.MessageId = wire.U16();
                if (version == 5) message.Properties = ReadProperties(ref wire);
                message.Payload = wire.Rest.ToArray();
                break;
            case MqttType.Puback or MqttType.Pubrec or MqttType.Pubrel or MqttType.Pubcomp:
                message.MessageId = wire.U16();
                if (version == 5 && body.Length > 2)
                {
                    message.ReasonCode = wire.U8();
                    if (body.Length > 3) message.Properties = ReadProperties(ref wire);
                }
                break;
            case MqttType.Subscribe or MqttType.Unsubscribe:
                message.MessageId = wire.U16();
                if (version == 5) message.Properties = ReadProperties(ref wire);
                while (!wire.Bad && wire.Left > 0 && message.Topics.Count < MaxItems)
                {
                    byte[] topic = Text(ref wire);
                    message.Topics.Add((topic, message.Type == MqttType.Subscribe ? (byte)(wire.U8() & 3) : (byte)0));
                }
                break;
            case MqttType.Suback or MqttType.Unsuback:
                message.MessageId = wire.U16();
                if (version == 5) message.Properties = ReadProperties(ref wire);
                message.Codes = wire.Rest[..Math.Min(wire.Left, MaxItems)].ToArray();
                break;
            case MqttType.Disconnect or MqttType.Auth:
                if (version == 5 && (body.Length > 0 || message.Type == MqttType.Disconnect))
                {
                    // MQTT 5 section 3.14.2.1: an absent code means a normal disconnection; like the reference, a code that stands alone is not read either
                    message.ReasonCode = body.Length > 1 ? wire.U8() : 0;
                    if (body.Length > 1) message.Properties = ReadProperties(ref wire);
                }
                break;
            default:
                break;
        }
        return !wire.Bad;
    }

    public static MqttMessage Head(byte first) => new() { Type = (MqttType)(first >> 4), Dup = (first & 8) != 0, Qos = (byte)(first >> 1 & 3), Retain = (first & 1) != 0 };

    private void ReadConnect(ref Wire wire)
    {
        Protocol = Text(ref wire);
        ProtocolVersion = wire.U8();
        ConnectFlags = wire.U8();
        wire.Skip(2); // keep alive
        if (ProtocolVersion == 5) Properties = ReadProperties(ref wire);
        ClientId = Text(ref wire);
        if ((ConnectFlags & 4) != 0)
        {
            if (ProtocolVersion == 5) WillProperties = ReadProperties(ref wire);
            WillTopic = Text(ref wire);
            WillMessage = Text(ref wire);
        }
        if ((ConnectFlags & 0x80) != 0) UserName = Text(ref wire);
        if ((ConnectFlags & 0x40) != 0) Password = Text(ref wire);
    }

    private static byte[] Text(ref Wire wire) => wire.Take(wire.U16()).ToArray();

    /// <summary>Variable byte integer (MQTT 5 section 1.5.5): seven bits a byte, four bytes at most. -1: not whole yet; -2: too long.</summary>
    public static int VariableLength(ReadOnlySpan<byte> bytes, out int used)
    {
        int value = 0;
        for (used = 0; used < 4; used++)
        {
            if (used >= bytes.Length) return -1;
            value |= (bytes[used] & 0x7f) << 7 * used;
            if ((bytes[used] & 0x80) == 0)
            {
                used++;
                return value;
            }
        }
        return -2;
    }

    private static List<MqttProperty>? ReadProperties(ref Wire wire)
    {
        int length = VariableLength(wire.Rest, out int used);
        if (length < 0)
        {
            wire.Bad = true;
            return null;
        }
        wire.Skip(used);
        var inner = new Wire(wire.Take(length));
        if (length == 0 || wire.Bad) return null;
        var found = new List<MqttProperty>(4);
        while (inner.Left > 0 && found.Count < MaxItems)
        {
            int id = VariableLength(inner.Rest, out used);
            inner.Skip(Math.Max(used, 1));
            if (!ReadProperty(id, ref inner, out MqttProperty property) || inner.Bad)
            {
                wire.Bad = true;
                break;
            }
            found.Add(property);
        }
        return found.Count > 0 ? found : null;
    }

    private static bool ReadProperty(int id, ref Wire wire, out MqttProperty property)
    {
        (string Name, char Kind) what = id switch
        {
            1 => ("payload_format_indicator", 'b'),
            2 => ("message_expiry_interval", 'l'),
            3 => ("content_type", 's'),
            8 => ("response_topic", 's'),
            9 => ("correlation_data", 's'),
            11 => ("subscription_identifier", 'v'),
            17 => ("session_expiry_interval", 'l'),
            18 => ("assigned_client_identifier", 's'),
            19 => ("server_keep_alive", 'w'),
            21 => ("authentication_method", 's'),
            22 => ("authentication_data", 's'),
            23 => ("request_problem_information", 'b'),
            24 => ("will_delay_interval", 'l'),
            25 => ("request_response_information", 'b'),
            26 => ("response_information", 's'),
            28 => ("server_reference", 's'),
            31 => ("reason_string", 's'),
            33 => ("receive_maximum", 'w'),
            34 => ("topic_alias_maximum", 'w'),
            35 => ("topic_alias", 'w'),
            36 => ("maximum_qos", 'b'),
            37 => ("retain_available", 'b'),
            38 => ("", 'u'),
            39 => ("maximum_packet_size", 'l'),
            40 => ("wildcard_subscription_available", 'b'),
            41 => ("subscription_identifier_available", 'b'),
            42 => ("shared_subscription_available", 'b'),
            _ => ("", '?'),
        };
        byte[] name = System.Text.Encoding.ASCII.GetBytes(what.Name);
        switch (what.Kind)
        {
            case 'b': property = new MqttProperty(name, null, wire.U8()); return true;
            case 'w': property = new MqttProperty(name, null, wire.U16()); return true;
            case 'l': property = new MqttProperty(name, null, wire.U32()); return true;
            case 's': property = new MqttProperty(name, Text(ref wire), 0); return true;
            case 'v':
                property = new MqttProperty(name, null, VariableLength(wire.Rest, out int used));
                wire.Skip(used);
                return property.Number >= 0;
            case 'u': property = new MqttProperty(Text(ref wire), Text(ref wire), 0); return true;
            default:
                property = default;
                return false;
        }
    }
}
