using System.Text;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>
/// One broken rule among good ones: it is named by its line, and all others load. Every rule of the kit's sets is broken once with CIRT_LONG=1, every fiftieth of one set otherwise.
/// </summary>
public sealed class BrokenRuleTests
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("CIRT_LONG") == "1";

    private static readonly string[] s_ways = ["no end", "no header", "unknown keyword", "open quote", "bad hex", "no options", "bad port", "bad number", "no sid"];

    private static string Broken(string rule, string way) => way switch
    {
        "no end" => rule[..^1],
        "no header" => rule[rule.IndexOf('(', StringComparison.Ordinal)..],
        "unknown keyword" => rule[..^1] + " nothing_of_the_kind:5;)",
        "open quote" => rule[..^1] + " content:\"open;)",
        "bad hex" => rule[..^1] + " content:\"|4 1 zz|\";)",
        "no options" => rule[..rule.IndexOf('(', StringComparison.Ordinal)],
        "bad port" => rule.Replace(" -> ", " 99999 -> ", StringComparison.Ordinal).Replace(" <> ", " 99999 <> ", StringComparison.Ordinal),
        "bad number" => rule[..^1] + " content:\"abc\"; depth:12x;)",
        _ => System.Text.RegularExpressions.Regex.Replace(rule, @"\bsid:\s*\d+;", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_broken_rule_is_named_by_its_line_and_its_neighbours_load(string way)
    {
        const string good = "alert tcp any any -> any any (msg:\"good\"; content:\"a\"; sid:{0};)";
        string before = good.Replace("{0}", "1", StringComparison.Ordinal), bad = Broken(good.Replace("{0}", "2", StringComparison.Ordinal), way), after = good.Replace("{0}", "3", StringComparison.Ordinal);
        (int loaded, List<RuleFault> faults) = Load($"# first\n{before}\n\n{bad}\n{after}\n");
        Assert.Equal(2, loaded);
        RuleFault fault = Assert.Single(faults);
        Assert.Equal(4, fault.Line);
        Assert.NotEmpty(fault.Reason);
    }

    public static TheoryData<string> Ways => [.. s_ways];

    [Fact]
    public void Every_rule_of_the_kit_broken_once_is_named_and_the_rest_load()
    {
        string? kit = Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE");
        Assert.SkipWhen(string.IsNullOrEmpty(kit), "APPLIANCE_CONFORMANCE names no conformance kit");
        string file = Path.Combine(kit, "sensing", "rules", "et-open-a.rules");
        Assert.SkipUnless(File.Exists(file), $"{file} is not there");
        List<string> rules = File.ReadLines(file).Where(l => l.StartsWith("alert ", StringComparison.Ordinal) && l.EndsWith(')')).Where((_, i) => s_long || i % 50 == 0).ToList();
        var text = new StringBuilder();
        // each broken one between its sound self and the next
        for (int i = 0; i < rules.Count; i++) text.Append(rules[i]).Append('\n').Append(Broken(rules[i], s_ways[i % s_ways.Length])).Append('\n');
        (int loaded, List<RuleFault> faults) = Load(text.ToString());
        Assert.Equal(Enumerable.Range(1, rules.Count).Select(i => i * 2), faults.Select(f => f.Line).Order());
        Assert.Equal(rules.Count, loaded);
    }

    private static (int Loaded, List<RuleFault> Faults) Load(string text)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "r.rules");
        File.WriteAllText(path, text);
        using RuleSet set = RuleLoading.Load([(path, path)], Variables(), new Classification(), false);
        return (set.Loaded, set.Faults);
    }

    private static RuleVariables Variables() => new();
}
