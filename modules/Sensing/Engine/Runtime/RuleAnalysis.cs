using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>--engine-analysis: for each rule what it looks at, what is searched first, and whether anything must be found before it is looked at closely.</summary>
internal static class RuleAnalysis
{
    public static int Print(SensorArguments args, TextWriter stdout, TextWriter stderr)
    {
        var run = new StandAlone(args, stdout, stderr);
        if (!run.TryConfigure()) return 1;
        using RuleSet? rules = run.LoadRules(out bool failed);
        if (rules == null) return 1;
        foreach (Rule rule in rules.Rules.OrderBy(r => r.File, StringComparer.Ordinal).ThenBy(r => r.Line))
        {
            stdout.WriteLine(string.Create(CultureInfo.InvariantCulture, $"== Sid: {rule.Sid} =="));
            stdout.WriteLine(rule.Text);
            foreach (Part one in rule.Parts)
            {
                string where = one.Test != null ? "a test of the transaction" : $"{one.Terms.Count.ToString(CultureInfo.InvariantCulture)} conditions";
                stdout.WriteLine($"    {BufferTable.Of(one.Buffer).Name}: {where}");
            }
            stdout.WriteLine(rule is { FastPart: { } part, FastTerm: { } fast }
                ? $"    Fast pattern on {BufferTable.Of(part.Buffer).Name}: {Shown(fast.Pattern)}"
                : "    No fast pattern: looked at for every packet or transaction that its header allows");
            stdout.WriteLine();
        }
        return failed ? 1 : 0;
    }

    private static string Shown(byte[] pattern)
    {
        var text = new System.Text.StringBuilder();
        bool hex = false;
        foreach (byte b in pattern)
        {
            bool plain = b is >= 0x20 and < 0x7f and not ((byte)'|' or (byte)'"' or (byte)';');
            if (plain == hex) text.Append('|');
            else if (hex) text.Append(' ');
            hex = !plain;
            if (plain) text.Append((char)b);
            else text.Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return hex ? text.Append('|').ToString() : text.ToString();
    }
}
