using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Mqtt;

/// <summary>
/// MQTT 3.1, 3.1.1 and 5 (OASIS). Control packets are put together to exchanges: CONNECT with CONNACK, PUBLISH with its acknowledgements (section 4.3),
/// SUBSCRIBE and UNSUBSCRIBE with theirs; all else stands alone.
/// </summary>
internal sealed class MqttParser(AppState state, MqttOptions options) : AppParser
{
    private const int MaxPending = 1024;
    private const long ConnectId = -1;
    private byte _version;
    private bool _connected;
    private uint _skipToServer, _skipToClient;

    public override AppProto Protocol => AppProto.Mqtt;

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        ref uint skip = ref toServer ? ref _skipToServer : ref _skipToClient;
        skip = size < skip ? skip - (uint)size : 0;
        return true;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        ref uint skip = ref toServer ? ref _skipToServer : ref _skipToClient;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            if (skip > 0)
            {
                int now = (int)Math.Min(skip, (uint)rest.Length);
                skip -= (uint)now;
                used += now;
                continue;
            }
            int length = rest.Length < 2 ? -1 : MqttMessage.VariableLength(rest[1..], out _);
            if (length == -1) break;
            if (length < 0) return -1;
            MqttMessage.VariableLength(rest[1..], out int prefix);
            int whole = 1 + prefix + length;
            if (length > options.MaxLength)
            {
                MqttMessage cut = MqttMessage.Head(rest[0]);
                cut.Truncated = true;
                cut.SkippedLength = (uint)whole;
                Take(toServer, cut);
                skip = (uint)whole;
                continue;
            }
            if (rest.Length < whole) break;
            context.Frame(FrameType.Pdu, toServer, used, whole);
            // as in the reference, these two of all messages that come together are counted from the first
            context.Frame(FrameType.Header, toServer, 0, 1 + prefix, true);
            context.Frame(FrameType.Data, toServer, 1 + prefix, length, true);
            if (!MqttMessage.Read(rest[0], rest.Slice(1 + prefix, length), _version, out MqttMessage message))
            {
                MqttTransaction bad = Begin(toServer, message, 0, false);
                bad.Messages.Clear();
                bad.Raise("malformed_traffic", toServer);
                Finish(bad);
                return -1;
            }
            Take(toServer, message);
            used += whole;
        }
        if (used > 0)
        {
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
        }
        return used;
    }

    private void Take(bool toServer, MqttMessage message)
    {
        switch (message)
        {
            case { Truncated: true }: Finish(Begin(toServer, message, 0, false)); break;
            case { Type: MqttType.Connect }:
            {
                _version = message.ProtocolVersion;
                MqttTransaction tx = Begin(toServer, message, ConnectId, true);
                if (_connected) tx.Raise("double_connect", toServer);
                break;
            }
            case { Type: MqttType.Connack }:
                if (message.ReasonCode == 0) _connected = true;
                Answer(toServer, message, ConnectId, true, "missing_connect");
                break;
            case { Type: MqttType.Publish }:
            {
                MqttTransaction tx = Begin(toServer, message, message.MessageId, message.Qos is 1 or 2);
                if (message.Qos == 3) tx.Raise("invalid_qos_level", toServer);
                Introduced(tx, toServer);
                break;
            }
            case { Type: MqttType.Subscribe or MqttType.Unsubscribe }: Introduced(Begin(toServer, message, message.MessageId, true), toServer); break;
            case { Type: MqttType.Pubrec or MqttType.Pubrel }: Introduced(Answer(toServer, message, message.MessageId, false, "missing_publish"), toServer); break;
            case { Type: MqttType.Puback or MqttType.Pubcomp }: Introduced(Answer(toServer, message, message.MessageId, true, "missing_publish"), toServer); break;
            case { Type: MqttType.Suback }: Introduced(Answer(toServer, message, message.MessageId, true, "missing_subscribe"), toServer); break;
            case { Type: MqttType.Unsuback }: Introduced(Answer(toServer, message, message.MessageId, true, "missing_unsubscribe"), toServer); break;
            case { Type: MqttType.Unassigned }:
                Begin(toServer, message, 0, false).Raise("unassigned_msg_type", toServer);
                break;
            default: Introduced(Begin(toServer, message, 0, false), toServer); break;
        }
    }

    private void Introduced(MqttTransaction tx, bool toServer)
    {
        if (!_connected) tx.Raise("unintroduced_message", toServer);
    }

    private MqttTransaction Begin(bool toServer, MqttMessage message, long id, bool pending)
    {
        if (state.Transactions.Count >= MaxPending)
        {
            // who never answers does not make us remember for ever
            foreach (Transaction old in state.Transactions)
                if (old.ProgressToServer == 0)
                {
                    ((MqttTransaction)old).Raise("too_many_transactions", toServer);
                    Finish(old);
                    break;
                }
        }
        MqttTransaction tx = state.Add(new MqttTransaction { FromClient = toServer, Version = _version, PacketId = id, Options = options });
        tx.Messages.Add(message);
        if (!pending) Finish(tx);
        return tx;
    }

    private MqttTransaction Answer(bool toServer, MqttMessage message, long id, bool last, string missing)
    {
        foreach (Transaction t in state.Transactions)
        {
            if (t is not MqttTransaction { ProgressToServer: 0 } open || open.PacketId != id) continue;
            if (open.Messages.Count < 16) open.Messages.Add(message);
            if (last) Finish(open);
            return open;
        }
        MqttTransaction tx = Begin(toServer, message, id, !last);
        tx.Raise(missing, toServer);
        return tx;
    }

    private static void Finish(Transaction tx) => tx.ProgressToServer = tx.ProgressToClient = 1;

    /// <summary>CONNECT towards the server, CONNACK from it; enough of either to be told from other protocols.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes, bool toServer)
    {
        if (!toServer) return bytes.Length >= 4 && bytes[0] == 0x20 && bytes[1] == 2 && bytes[2] <= 1 && bytes[3] <= 5;
        if (bytes.Length < 8 || bytes[0] != 0x10) return false;
        if (MqttMessage.VariableLength(bytes[1..], out int used) < 8) return false;
        ReadOnlySpan<byte> name = bytes[(1 + used)..];
        return name.StartsWith("\0\u0004MQTT"u8) || name.StartsWith("\0\u0006MQIsdp"u8);
    }
}

/// <summary>Largest control packet that is read whole, and what records show.</summary>
internal sealed record MqttOptions(int MaxLength = 1 << 20, bool ShowPasswords = true);
