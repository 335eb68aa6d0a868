using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Modbus;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>modbus: unit, function with subfunction, a category of functions, or an access with address and value.</summary>
internal static class ModbusKeywords
{
    private static Func<long, bool> Number(string keyword, string text)
    {
        Numbers.Compare(keyword, text.Replace(" ", "", StringComparison.Ordinal), out Comparison compare, out long first, out long second);
        return n => Detect.ContentInspector.Compare(n, compare, first, second);
    }

    public static void Modbus(RuleBuilder b, string keyword, string? value)
    {
        var tests = new List<Func<ModbusMessage, bool>>();
        foreach (string part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            string[] words = part.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length != 2) throw new RuleException(keyword, $"\"{part}\" is no condition");
            tests.Add(words[0] switch
            {
                "unit" => Number(keyword, words[1]) is var unit ? m => unit(m.Unit) : null!,
                "function" => Function(keyword, words[1]),
                "subfunction" => RuleParser.Unsigned(keyword, words[1]) is var sub ? m => m.Code == 8 && m.Word(0) == sub : null!,
                "access" => Access(keyword, words[1]),
                "address" => Number(keyword, words[1]) is var address ? m => Addresses(m, address) : null!,
                "value" => Number(keyword, words[1]) is var wanted ? m => Values(m, wanted) : null!,
                _ => throw new RuleException(keyword, $"unknown condition \"{words[0]}\""),
            });
        }
        b.AddTest(BufferId.ModbusTest, new AppTest<ModbusTransaction>((tx, _) => tx.Request is { } request && tests.TrueForAll(t => t(request))));
    }

    private static Func<ModbusMessage, bool> Function(string keyword, string text)
    {
        if (char.IsAsciiDigit(text[0])) return Byte(keyword, text) is var code ? m => m.Function == code : null!;
        bool negated = text.StartsWith('!');
        string name = text.TrimStart('!').Trim().ToLowerInvariant();
        if (name is not ("assigned" or "unassigned" or "public" or "user" or "reserved" or "all")) throw new RuleException(keyword, $"unknown kind of function \"{name}\"");
        return m => negated != name switch
        {
            "assigned" => m.Category == "PUBLIC_ASSIGNED",
            "unassigned" => m.Category == "PUBLIC_UNASSIGNED",
            "public" => m.Category.StartsWith("PUBLIC", StringComparison.Ordinal),
            "user" => m.Category == "USER_DEFINED",
            "reserved" => m.Category == "RESERVED",
            _ => m.Category != "NONE",
        };
    }

    private static uint Byte(string keyword, string text)
    {
        uint number = RuleParser.Unsigned(keyword, text);
        return number <= 255 ? number : throw new RuleException(keyword, $"{number} is no byte");
    }

    private static Func<ModbusMessage, bool> Access(string keyword, string text)
    {
        ModbusAccess wanted = ModbusAccess.None;
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            wanted |= word switch
            {
                "read" => ModbusAccess.Read,
                "write" => ModbusAccess.Write,
                "discretes" => ModbusAccess.Discretes,
                "coils" => ModbusAccess.Coils,
                "input" => ModbusAccess.Input,
                "holding" => ModbusAccess.Holding,
                _ => throw new RuleException(keyword, $"unknown access \"{word}\""),
            };
        if (wanted.HasFlag(ModbusAccess.Write) && (wanted & (ModbusAccess.Discretes | ModbusAccess.Input)) != 0) throw new RuleException(keyword, "discretes and input registers cannot be written");
        return m => m.Access != ModbusAccess.None && (m.Access & wanted) == wanted;
    }

    /// <summary>Does any address that the request touches fit? Addresses of rules count from 1, those of the wire from 0 (application protocol section 4.4).</summary>
    private static bool Addresses(ModbusMessage m, Func<long, bool> fits)
    {
        bool writes = m.Code == 23 && (m.Access & ModbusAccess.Write) != 0;
        int start = m.Word(0), count = m.Code is 5 or 6 or 22 ? 1 : m.Word(2);
        return Any(start, count, fits) || writes && Any(m.Word(4), m.Word(6), fits);
    }

    private static bool Any(int start, int count, Func<long, bool> fits)
    {
        for (int i = 0; start >= 0 && i < count && i < 2000; i++)
            if (fits(start + i + 1)) return true;
        return false;
    }

    private static bool Values(ModbusMessage m, Func<long, bool> fits)
    {
        if (m.Code is 5 or 6) return m.Word(2) is var one && one >= 0 && fits(m.Code == 5 ? one == 0xff00 ? 1 : 0 : one);
        int at = m.Code switch { 16 => 5, 23 => 9, _ => -1 };
        for (; at > 0 && at + 2 <= m.Body.Length; at += 2)
            if (fits(m.Word(at))) return true;
        return false;
    }
}
