using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Dcerpc;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Interface and operation of a remote procedure call, over its own connection or a pipe of SMB.</summary>
internal static class DcerpcKeywords
{
    /// <summary>UUID, optionally a version with an operator, optionally any_frag.</summary>
    public static void Interface(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (!Guid.TryParseExact(parts[0], "D", out Guid id)) throw new RuleException(keyword, $"\"{parts[0]}\" is not an interface's UUID");
        bool anyFragment = false;
        Comparison compare = Comparison.None;
        long version = 0;
        foreach (string part in parts.Skip(1))
        {
            if (part == "any_frag")
            {
                anyFragment = true;
                continue;
            }
            compare = part.Length < 2 ? Comparison.None : part[0] switch { '<' => Comparison.Less, '>' => Comparison.Greater, '=' => Comparison.Equal, '!' => Comparison.NotEqual, _ => Comparison.None };
            if (compare == Comparison.None) throw new RuleException(keyword, $"unknown option \"{part}\"");
            version = RuleParser.Unsigned(keyword, part[1..]);
        }
        Add(b, call =>
        {
            if (call.RequestType != RpcType.Request || call.InForce == null || !anyFragment && !call.FirstSeen) return false;
            foreach (RpcInterface one in call.InForce)
                if (one.Id == id && one.Answered && one.Result == 0 && (call.AnyContext || one.Context == call.Context) && (compare == Comparison.None || Detect.ContentInspector.Compare(one.Major, compare, version, 0)))
                    return true;
            return false;
        });
    }

    /// <summary>Numbers and ranges, by comma.</summary>
    public static void Operation(RuleBuilder b, string keyword, string? value)
    {
        var ranges = new List<(uint Low, uint High)>();
        foreach (string part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            int dash = part.IndexOf('-', StringComparison.Ordinal);
            uint low = RuleParser.Unsigned(keyword, dash < 0 ? part : part[..dash]), high = dash < 0 ? low : RuleParser.Unsigned(keyword, part[(dash + 1)..]);
            if (low > high || high > 65535) throw new RuleException(keyword, string.Create(CultureInfo.InvariantCulture, $"{low}-{high} is no range of operations"));
            ranges.Add((low, high));
        }
        Add(b, call => call.HasOperation && ranges.Exists(r => call.Operation >= r.Low && call.Operation <= r.High));
    }

    private static void Add(RuleBuilder b, Func<RpcCall, bool> fits) =>
        b.AddTest(BufferId.DceTest, new AppTest<Transaction>((tx, _) => tx is IRpcCarrier { Rpc: { } call } && fits(call)));
}
