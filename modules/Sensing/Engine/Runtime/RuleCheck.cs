using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Sensing.Engine;

/// <summary>What a check of rule files found; also what <c>cirt rules check</c> prints.</summary>
public sealed record RuleCheckResult(int Loaded, int Failed, IReadOnlyList<RuleFault> Errors)
{
    /// <summary>Rules left out because of their own <c>requires</c>.</summary>
    public int Skipped { get; init; }

    public string ToJson()
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("rules_loaded", Loaded);
            json.WriteNumber("rules_failed", Failed);
            json.WriteNumber("rules_skipped", Skipped);
            json.WriteStartArray("errors");
            foreach (RuleFault fault in Errors)
            {
                json.WriteStartObject();
                json.WriteString("file", fault.File);
                json.WriteNumber("line", fault.Line);
                json.WriteNumber("sid", fault.Sid);
                json.WriteString("keyword", fault.Keyword);
                json.WriteString("reason", fault.Reason);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(memory.ToArray());
    }
}

/// <summary>One rule as the checker read it, for lists and editors.</summary>
public sealed record CheckedRule(uint Gid, uint Sid, uint Rev, string Message, string Action, string? ClassName, int Priority, string File, int Line, string Text);

/// <summary>Checks rules without a running engine.</summary>
public static class RuleCheck
{
    /// <summary>Reads every file and reports what would load; a file that cannot be read is one error. Safe from any thread.</summary>
    public static RuleCheckResult Run(IEnumerable<string> files) => Run(files, out _);

    /// <summary>The same for rules that have been read already, such as those of an archive: the name each list goes by, and its text. As when they are loaded, of two rules with one sid the
    /// older is left out.</summary>
    public static RuleCheckResult RunTexts(IEnumerable<(string ShownAs, string Text)> lists)
    {
        var parser = new RuleParser(new RuleVariables(), new Classification(), new NameTable());
        var found = new List<Rule>();
        var faults = new List<RuleFault>();
        foreach (var (shownAs, text) in lists) parser.Parse(new StringReader(text), shownAs, found, faults);
        RuleLoading.Deduplicate(found, faults);
        return new RuleCheckResult(found.Count, faults.Count, faults) { Skipped = parser.Skipped };
    }

    /// <summary>The same, and the rules themselves.</summary>
    public static RuleCheckResult Run(IEnumerable<string> files, out IReadOnlyList<CheckedRule> rules)
    {
        var parser = new RuleParser(new RuleVariables(), new Classification(), new NameTable());
        var found = new List<Rule>();
        var faults = new List<RuleFault>();
        foreach (string file in files)
        {
            try
            {
                parser.ParseFile(file, file, found, faults);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                faults.Add(new RuleFault(file, 0, 0, "file", e.Message));
            }
        }
        rules = found.Select(r => new CheckedRule(r.Gid, r.Sid, r.Rev, Encoding.UTF8.GetString(r.Message), r.Action.ToString().ToLowerInvariant(), r.ClassName, r.Priority, r.File, r.Line, r.Text)).ToList();
        return new RuleCheckResult(found.Count, faults.Count, faults);
    }

    /// <summary>Checks rule text as typed into an editor.</summary>
    public static RuleCheckResult RunText(string text, string shownAs)
    {
        var parser = new RuleParser(new RuleVariables(), new Classification(), new NameTable());
        var faults = new List<RuleFault>();
        int loaded = 0, number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            if (parser.TryParse(line, shownAs, number, out _, out RuleFault? fault)) loaded++;
            else if (fault != null) faults.Add(fault);
        }
        return new RuleCheckResult(loaded, faults.Count, faults);
    }
}
