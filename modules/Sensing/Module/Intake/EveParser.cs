using System.Globalization;
using System.Text.Json;

namespace Appliance.Sensing.Intake;

/// <summary>Reads the columns of one EVE record out of its line and checks the rest of it. Not thread-safe: one per stream.</summary>
internal sealed class EveParser
{
    private const int TypesLimit = 200;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 128 };

    private readonly Dictionary<ulong, string> _types = [];

    /// <summary>Fills <paramref name="record"/>, or answers why the line is no EVE record.</summary>
    /// <returns>Null on success, else one of the reasons of <see cref="RejectReason"/> with its detail.</returns>
    public (string Reason, string Detail)? Read(ReadOnlySpan<byte> line, EveRecord record)
    {
        record.Clear();
        try
        {
            var reader = new Utf8JsonReader(line, s_options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return (RejectReason.NotAnObject, "");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                Property(ref reader, record);
            // One object and nothing behind it.
            while (reader.Read())
                return (RejectReason.NotAnObject, "");
        }
        catch (JsonException fault)
        {
            return (RejectReason.NotJson, string.Create(CultureInfo.InvariantCulture, $"at byte {fault.BytePositionInLine}"));
        }
        if (record.Type.Length == 0)
            return (RejectReason.NoType, "");
        if (record.Type == "alert" && (!record.HasAlert || record.Sid <= 0))
            return (RejectReason.NoSignature, "");
        return null;
    }

    private void Property(ref Utf8JsonReader reader, EveRecord record)
    {
        var name = reader.ValueSpan;
        switch (name.Length)
        {
            case 3 when name.SequenceEqual("dns"u8):
                Nested(ref reader, record, Part.Dns);
                return;
            case 3 when name.SequenceEqual("tls"u8):
                Nested(ref reader, record, Part.Tls);
                return;
            case 4 when name.SequenceEqual("http"u8):
                Nested(ref reader, record, Part.Http);
                return;
            case 4 when name.SequenceEqual("quic"u8):
                Nested(ref reader, record, Part.Tls);
                return;
            case 5 when name.SequenceEqual("proto"u8):
                Text(ref reader, record.Proto);
                return;
            case 5 when name.SequenceEqual("alert"u8):
                Nested(ref reader, record, Part.Alert);
                return;
            case 6 when name.SequenceEqual("src_ip"u8):
                record.Source = Ip(ref reader);
                return;
            case 6 when name.SequenceEqual("replay"u8):
                Text(ref reader, record.Replay);
                return;
            case 7 when name.SequenceEqual("dest_ip"u8):
                record.Destination = Ip(ref reader);
                return;
            case 7 when name.SequenceEqual("flow_id"u8):
                record.FlowId = Number(ref reader, long.MinValue);
                return;
            case 8 when name.SequenceEqual("src_port"u8):
                record.SourcePort = Port(ref reader);
                return;
            case 9 when name.SequenceEqual("dest_port"u8):
                record.DestinationPort = Port(ref reader);
                return;
            case 9 when name.SequenceEqual("timestamp"u8):
                reader.Read();
                record.HasTime = reader.TokenType == JsonTokenType.String && EveTime.TryParse(reader.ValueSpan, out record.SeenMicros);
                Pass(ref reader);
                return;
            case 9 when name.SequenceEqual("app_proto"u8):
                Text(ref reader, record.AppProto);
                return;
            case 10 when name.SequenceEqual("event_type"u8):
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    record.Type = TypeName(reader.ValueSpan);
                Pass(ref reader);
                return;
            default:
                reader.Read();
                Pass(ref reader);
                return;
        }
    }

    private enum Part
    {
        Alert,
        Dns,
        Http,
        Tls,
    }

    private static void Nested(ref Utf8JsonReader reader, EveRecord record, Part part)
    {
        reader.Read();
        // dns version 3 writes its questions as an array of objects; the first names the record.
        if (reader.TokenType == JsonTokenType.StartArray && part == Part.Dns)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                    Members(ref reader, record, part);
                else
                    Pass(ref reader);
            }
            return;
        }
        if (reader.TokenType == JsonTokenType.StartObject)
            Members(ref reader, record, part);
        else
            Pass(ref reader);
    }

    private static void Members(ref Utf8JsonReader reader, EveRecord record, Part part)
    {
        record.HasAlert |= part == Part.Alert;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            switch (part)
            {
                case Part.Alert when name.SequenceEqual("signature_id"u8):
                    record.Sid = Number(ref reader, 0);
                    break;
                case Part.Alert when name.SequenceEqual("gid"u8):
                    record.Gid = (int)Math.Clamp(Number(ref reader, 1), 0, int.MaxValue);
                    break;
                case Part.Alert when name.SequenceEqual("rev"u8):
                    record.Rev = (int)Math.Clamp(Number(ref reader, 0), 0, int.MaxValue);
                    break;
                case Part.Alert when name.SequenceEqual("severity"u8):
                    record.Severity = (int)Math.Clamp(Number(ref reader, 3), 1, 255);
                    break;
                case Part.Alert when name.SequenceEqual("signature"u8):
                    record.Signature = Words(ref reader);
                    break;
                case Part.Alert when name.SequenceEqual("category"u8):
                    record.Category = Words(ref reader);
                    break;
                case Part.Http when name.SequenceEqual("hostname"u8):
                case Part.Tls when name.SequenceEqual("sni"u8):
                case Part.Dns when record.Name.IsEmpty && name.SequenceEqual("rrname"u8):
                    Text(ref reader, record.Name);
                    break;
                case Part.Dns when record.Name.IsEmpty && (name.SequenceEqual("query"u8) || name.SequenceEqual("queries"u8)):
                    Nested(ref reader, record, Part.Dns);
                    break;
                default:
                    reader.Read();
                    Pass(ref reader);
                    break;
            }
        }
    }

    private static void Text(ref Utf8JsonReader reader, Utf8Text text)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            text.Set(ref reader);
        else
            Pass(ref reader);
    }

    private static string Words(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            Pass(ref reader);
            return "";
        }
        var words = reader.GetString()!;
        return words.Length <= 1000 ? words : words[..1000];
    }

    private static Address Ip(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length < 64)
            return Address.Parse(reader.ValueSpan);
        Pass(ref reader);
        return default;
    }

    private static int Port(ref Utf8JsonReader reader) => Number(ref reader, -1) is >= 0 and <= 65535 and var port ? (int)port : -1;

    private static long Number(ref Utf8JsonReader reader, long otherwise)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number)
            return reader.TryGetInt64(out var value) ? value : otherwise;
        Pass(ref reader);
        return otherwise;
    }

    /// <summary>Steps over what is not wanted; the reader still checks every byte of it.</summary>
    private static void Pass(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            reader.Skip();
    }

    /// <summary>One string per type, not one per record. Bounded, since the names come from outside.</summary>
    private string TypeName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 32 || name.ContainsAnyExcept(s_typeLetters))
            return "other";
        var hash = 14695981039346656037UL;
        foreach (var c in name)
            hash = (hash ^ c) * 1099511628211UL;
        if (_types.TryGetValue(hash, out var known) && known.Length == name.Length)
            return known;
        if (_types.Count >= TypesLimit)
            return "other";
        return _types[hash] = System.Text.Encoding.ASCII.GetString(name);
    }

    private static readonly System.Buffers.SearchValues<byte> s_typeLetters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);
}
