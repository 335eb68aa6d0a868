using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Mqtt;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to MQTT exchanges: any of the packets of an exchange may answer them.</summary>
internal static class MqttKeywords
{
    private static void Any(RuleBuilder b, Func<MqttMessage, bool> fits) =>
        b.AddTest(BufferId.MqttTest, new AppTest<MqttTransaction>((tx, _) => tx.Messages.Exists(m => fits(m))));

    public static void Type(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        if (!Enum.TryParse(text, true, out MqttType type) || text.Length == 0 || char.IsAsciiDigit(text[0])) throw new RuleException(keyword, $"unknown type \"{text}\"");
        Any(b, m => m.Type == type);
    }

    public static void Qos(RuleBuilder b, string keyword, string? value)
    {
        uint qos = RuleParser.Unsigned(keyword, value);
        if (qos > 2) throw new RuleException(keyword, "is 0, 1 or 2");
        Any(b, m => m.Qos == qos);
    }

    public static void Flags(RuleBuilder b, string keyword, string? value)
    {
        (bool? retain, bool? dup) = (null, null);
        foreach (var (name, set) in Names(keyword, value))
            switch (name)
            {
                case "retain": retain = set; break;
                case "dup": dup = set; break;
                default: throw new RuleException(keyword, $"unknown flag \"{name}\"");
            }
        Any(b, m => (retain == null || m.Retain == retain) && (dup == null || m.Dup == dup));
    }

    public static void ConnectFlags(RuleBuilder b, string keyword, string? value)
    {
        int mask = 0, wanted = 0;
        foreach (var (name, set) in Names(keyword, value))
        {
            int bit = name switch
            {
                "username" => 0x80,
                "password" => 0x40,
                "will_retain" => 0x20,
                "will" => 4,
                "clean_session" => 2,
                _ => throw new RuleException(keyword, $"unknown flag \"{name}\""),
            };
            mask |= bit;
            if (set) wanted |= bit;
        }
        Any(b, m => m.Type == MqttType.Connect && (m.ConnectFlags & mask) == wanted);
    }

    private static IEnumerable<(string Name, bool Set)> Names(string keyword, string? value)
    {
        foreach (string item in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (item.Length == 0) throw new RuleException(keyword, "names no flag");
            yield return (item.TrimStart('!').Trim(), !item.StartsWith('!'));
        }
    }

    public static void Version(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        b.AddTest(BufferId.MqttTest, new AppTest<MqttTransaction>((tx, _) => Detect.ContentInspector.Compare(tx.Version, compare, first, second)));
    }

    public static void ReasonCode(RuleBuilder b, string keyword, string? value)
    {
        uint code = RuleParser.Unsigned(keyword, value);
        if (code > 255) throw new RuleException(keyword, "is a byte");
        Any(b, m => m.ReasonCode == code || m.Codes.AsSpan().Contains((byte)code));
    }

    public static void SessionPresent(RuleBuilder b, string keyword, string? value)
    {
        bool wanted = (value ?? "").Trim() switch { "yes" or "true" => true, "no" or "false" => false, _ => throw new RuleException(keyword, "is yes or no") };
        b.AddTest(BufferId.MqttConnackTest, new AppTest<MqttTransaction>((tx, _) => tx.Messages.Exists(m => m.Type == MqttType.Connack && m.SessionPresent == wanted)));
    }
}
