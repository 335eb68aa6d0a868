using System.Globalization;
using System.Text;

namespace Appliance.Sensing.Rules;

/// <summary>One rule of a file, found by its shape; whether it means anything is the engine's to say.</summary>
/// <param name="Line">First line, from 1.</param>
/// <param name="Lines">How many lines it takes, joined by backslashes.</param>
/// <param name="IsOn">False when it is commented out.</param>
/// <param name="Gid">Group id, 1 by default.</param>
/// <param name="Sid">Signature id, or null when it names none.</param>
/// <param name="Rev">Revision.</param>
/// <param name="Message">Its message.</param>
/// <param name="Text">Without comment mark, joined.</param>
internal sealed record ScannedRule(int Line, int Lines, bool IsOn, int Gid, long? Sid, int Rev, string Message, string Text);

/// <summary>Finds the rules of a file, those commented out among them: they can be switched on here.</summary>
internal static class RuleScanner
{
    private static readonly string[] s_actions = ["alert", "drop", "pass", "reject", "rejectsrc", "rejectdst", "rejectboth", "config"];

    public static IReadOnlyList<ScannedRule> Scan(string body)
    {
        var rules = new List<ScannedRule>();
        var lines = body.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var first = i;
            var text = lines[i].Trim();
            if (!text.EndsWith('\\'))
            {
                Take(rules, first, 1, text);
                continue;
            }
            var joined = new StringBuilder(text.TrimEnd('\\'));
            while (text.EndsWith('\\') && i + 1 < lines.Length)
            {
                text = lines[++i].Trim();
                joined.Append(text.TrimStart('#').TrimEnd('\\'));
            }
            Take(rules, first, i - first + 1, joined.ToString());
        }
        return rules;
    }

    /// <summary>The file with rules commented out or in as <paramref name="wanted"/> says, and with the action that <paramref name="action"/> names instead of their own; every rule on its own line as before.</summary>
    public static string Apply(string body, Func<ScannedRule, bool> wanted, Func<ScannedRule, string?>? action = null)
    {
        var lines = body.Split('\n');
        foreach (var rule in Scan(body))
        {
            var on = wanted(rule);
            var first = rule.Line - 1;
            if (on && action?.Invoke(rule) is { } other && rule.Text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end && s_actions.Contains(rule.Text[..end], StringComparer.Ordinal))
                lines[first] = ReplaceFirst(lines[first], rule.Text[..end], other);
            if (on == rule.IsOn)
                continue;
            for (var i = rule.Line - 1; i < rule.Line - 1 + rule.Lines; i++)
                lines[i] = on ? lines[i].TrimStart().TrimStart('#').TrimStart() : "# " + lines[i];
        }
        return string.Join('\n', lines);
    }

    private static string ReplaceFirst(string line, string word, string other)
    {
        var at = line.IndexOf(word, StringComparison.Ordinal);
        return at < 0 ? line : line[..at] + other + line[(at + word.Length)..];
    }

    private static void Take(List<ScannedRule> rules, int index, int count, string text)
    {
        if (text.Length == 0)
            return;
        var isOn = !text.StartsWith('#');
        var rule = isOn ? text : text.TrimStart('#').TrimStart();
        var space = rule.IndexOf(' ', StringComparison.Ordinal);
        var known = space > 0 && s_actions.Contains(rule[..space], StringComparer.Ordinal);
        // A comment is a rule only when it looks like one; anything else that is switched on is a rule, if a broken one.
        if (!isOn && (!known || !rule.Contains("sid:", StringComparison.Ordinal) || !rule.EndsWith(')')))
            return;
        var options = WithoutQuotes(rule);
        rules.Add(new(index + 1, count, isOn, (int)(Number(options, "gid") ?? 1), Number(options, "sid"), (int)(Number(options, "rev") ?? 0), Message(rule), rule));
    }

    /// <summary>The rule with everything between quotes blanked: a message may speak of a sid.</summary>
    private static string WithoutQuotes(string rule)
    {
        var text = rule.ToCharArray();
        var inside = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                text[i] = text[++i] = ' ';
                continue;
            }
            if (text[i] == '"')
                inside = !inside;
            else if (inside)
                text[i] = ' ';
        }
        return new(text);
    }

    private static long? Number(string rule, string keyword)
    {
        for (var at = rule.IndexOf(keyword, StringComparison.Ordinal); at >= 0; at = rule.IndexOf(keyword, at + 1, StringComparison.Ordinal))
        {
            // The keyword, not the end of another word.
            var before = at == 0 ? ' ' : rule[at - 1];
            if (before is not (' ' or ';' or '('))
                continue;
            var rest = rule.AsSpan(at + keyword.Length).TrimStart();
            if (rest.IsEmpty || rest[0] != ':')
                continue;
            rest = rest[1..].TrimStart();
            var end = rest.IndexOfAnyExceptInRange('0', '9');
            if (end > 0 && rest[end..].TrimStart().StartsWith(";") && long.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= int.MaxValue)
                return number;
        }
        return null;
    }

    private static string Message(string rule)
    {
        var at = rule.IndexOf("msg:", StringComparison.Ordinal);
        var open = at < 0 ? -1 : rule.IndexOf('"', at);
        if (open < 0)
            return "";
        var message = new StringBuilder();
        for (var i = open + 1; i < rule.Length && rule[i] != '"' && message.Length < 500; i++)
        {
            if (rule[i] == '\\' && i + 1 < rule.Length)
                i++;
            message.Append(rule[i]);
        }
        return message.ToString();
    }
}
