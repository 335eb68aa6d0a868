using Appliance.Sensing.Engine;

namespace Appliance.Sensing.Rules;

/// <summary>Says which rules of a file the sensor will not load, before it is asked to: by the engine's own parser.</summary>
internal sealed class RuleChecker
{
    /// <summary>Faults by the line of their rule. Rules commented out are not looked at.</summary>
    public IReadOnlyDictionary<int, RuleFault> Check(string file, IReadOnlyList<ScannedRule> rules)
    {
        var on = rules.Where(static r => r.IsOn).ToList();
        var faults = new Dictionary<int, RuleFault>();
        if (on.Count == 0)
            return faults;
        // Each rule on the line where it begins, continuations joined: the parser's line numbers are then those of the file.
        var lines = new string[on[^1].Line];
        Array.Fill(lines, "");
        foreach (var rule in on)
            lines[rule.Line - 1] = rule.Text;
        foreach (var fault in RuleCheck.RunText(string.Join('\n', lines), file).Errors)
            faults.TryAdd(fault.Line, new(fault.Line, string.IsNullOrEmpty(fault.Keyword) ? null : fault.Keyword, fault.Reason));
        return faults;
    }
}
