using System.Text;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>What a rule says about itself.</summary>
internal static class About
{
    public static void Nothing(RuleBuilder b, string keyword, string? value) { }

    /// <summary>prefilter picks what is looked for first, which this engine does by itself; only its form is checked.</summary>
    public static void Prefilter(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.Parts.Count + b.Rule.PacketTests.Count + b.Rule.Tests.Count == 0) throw new RuleException(keyword, "needs a match before it");
        if (b.LastTerm is { Kind: TermKind.Pcre } && b.Rule.PacketTests.Count == 0) throw new RuleException(keyword, "an expression cannot be looked for first");
    }

    public static void Message(RuleBuilder b, string keyword, string? value)
    {
        if (string.IsNullOrEmpty(value)) throw new RuleException(keyword, "is empty");
        string text = RuleParser.Unquote(value);
        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or ';' or ':') i++;
            plain.Append(text[i]);
        }
        b.Rule.Message = Encoding.UTF8.GetBytes(plain.ToString());
    }

    public static void Sid(RuleBuilder b, string keyword, string? value)
    {
        b.Rule.Sid = RuleParser.Unsigned(keyword, RuleParser.Unquote(value ?? ""));
        if (b.Rule.Sid == 0) throw new RuleException(keyword, "must not be 0");
    }

    public static void Gid(RuleBuilder b, string keyword, string? value) => b.Rule.Gid = RuleParser.Unsigned(keyword, RuleParser.Unquote(value ?? ""));

    public static void Rev(RuleBuilder b, string keyword, string? value)
    {
        b.Rule.Rev = RuleParser.Unsigned(keyword, RuleParser.Unquote(value ?? ""));
        if (b.Rule.Rev == 0) throw new RuleException(keyword, "must not be 0");
    }

    public static void ClassType(RuleBuilder b, string keyword, string? value)
    {
        if (value == null) throw new RuleException(keyword, "names no class");
        b.Rule.ClassName = b.Parser.Word(value);
        if (!b.Parser.Classes.TryFind(value, out string text, out int priority)) return; // an unknown class is no reason to lose a rule
        b.Rule.Category = b.Parser.Utf8(text);
        if (!b.Rule.PriorityGiven) b.Rule.Priority = priority;
    }

    public static void Priority(RuleBuilder b, string keyword, string? value)
    {
        b.Rule.Priority = RuleParser.Integer(keyword, value);
        if (b.Rule.Priority < 0) throw new RuleException(keyword, "is negative");
        b.Rule.PriorityGiven = true;
    }

    public static void Reference(RuleBuilder b, string keyword, string? value)
    {
        if (value == null || !value.Contains(',', StringComparison.Ordinal)) throw new RuleException(keyword, "has the form kind,value");
        b.Rule.References.Add(value);
    }

    public static void Metadata(RuleBuilder b, string keyword, string? value)
    {
        ReadOnlySpan<char> all = value;
        foreach (Range item in all.Split(','))
        {
            ReadOnlySpan<char> text = all[item].Trim();
            int space = text.IndexOf(' ');
            // the same words stand in thousands of rules
            if (space > 0) b.Rule.Metadata.Add((b.Parser.Word(text[..space]), b.Parser.Word(text[(space + 1)..].Trim())));
        }
    }

    public static void Target(RuleBuilder b, string keyword, string? value)
    {
        if (value is not ("src_ip" or "dest_ip")) throw new RuleException(keyword, "is src_ip or dest_ip");
        b.Rule.Target = value;
    }

    public static void NoAlert(RuleBuilder b, string keyword, string? value) => b.Rule.NoAlert = true;

    public static void AlertToo(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.NoAlert) throw new RuleException(keyword, "contradicts noalert");
        b.Rule.AlertsToo = true;
    }
}
