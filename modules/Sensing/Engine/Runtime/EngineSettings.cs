using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Detect.Thresholds;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Everything a worker is built from; replaced whole, never changed.</summary>
internal sealed record EngineSettings
{
    public DecodeOptions Decode { get; init; } = new();
    public FlowOptions Flow { get; init; } = new();
    public StreamOptions Stream { get; init; } = new();
    public AppLayerOptions App { get; init; } = new();
    public EveOptions Eve { get; init; } = new();
    public SuppressionList Suppressions { get; init; } = new();
    public bool SimulateIps { get; init; }
    public RuleLoadOptions RuleLoad { get; init; } = new();
    public int MaxAlertsPerPacket { get; init; } = 15;
    public bool NativeMatcher { get; init; } = true;
    public int StatsIntervalSeconds { get; init; } = 8;

    /// <summary>Rules are timed by sample: see <see cref="RuleCosts"/>.</summary>
    public bool MeasuresCosts { get; init; }
}

/// <summary>What rules are read from, and what they become.</summary>
internal static class RuleLoading
{
    private const int ManyRules = 1000;

    /// <param name="files">What to read, and the name it goes by in faults.</param>
    /// <param name="variables">Networks and ports that rules name.</param>
    /// <param name="classes">Classifications.</param>
    /// <param name="native">Hyperscan where there is one.</param>
    /// <param name="how">How strictly, and in what order of actions.</param>
    /// <param name="idle">No packet waits meanwhile: memory is handed back between the steps, which stops all threads for a moment.</param>
    public static RuleSet Load(IEnumerable<(string Path, string ShownAs)> files, RuleVariables variables, Classification classes, bool native, RuleLoadOptions? how = null, bool idle = false)
    {
        how ??= new RuleLoadOptions();
        files = [.. files];
        KeptRules? kept = KeptRules.Of([.. files], variables, classes, native, how);
        if (kept?.TryTake() is { } ready) return ready;
        var names = new NameTable();
        var parser = new RuleParser(variables, classes, names) { Options = how };
        var rules = new List<Rule>();
        var faults = new List<RuleFault>();
        foreach (var (path, shown) in files)
        {
            try
            {
                parser.ParseFile(path, shown, rules, faults);
            }
            catch (IOException e)
            {
                faults.Add(new RuleFault(shown, 0, 0, "file", e.Message));
            }
        }
        Deduplicate(rules, faults);
        var set = new RuleSet(rules, faults, names, native, how, idle) { Skipped = parser.Skipped };
        kept?.Keep(set, parser);
        if (idle && rules.Count > ManyRules) ProcessMemory.GiveBack();
        return set;
    }

    /// <summary>Of rules with the same gid and sid the highest revision stays; equal ones are a fault.</summary>
    internal static void Deduplicate(List<Rule> rules, List<RuleFault> faults)
    {
        var seen = new Dictionary<(uint, uint), int>();
        var lost = new HashSet<Rule>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < rules.Count; i++)
        {
            Rule rule = rules[i];
            if (!seen.TryGetValue((rule.Gid, rule.Sid), out int first))
            {
                seen[(rule.Gid, rule.Sid)] = i;
                continue;
            }
            Rule loser = rules[first].Rev < rule.Rev ? rules[first] : rule;
            faults.Add(new RuleFault(loser.File, loser.Line, rule.Sid, "sid", "another rule has the same sid"));
            // the newer one takes the place of the older
            if (loser != rule) (rules[first], rules[i]) = (rule, loser);
            lost.Add(loser);
        }
        if (lost.Count > 0) rules.RemoveAll(lost.Contains);
    }
}
