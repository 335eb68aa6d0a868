using System.Text;

namespace Appliance.Sensing.Engine.Runtime;

internal sealed partial class YamlReader
{
    /// <summary>One value that begins on the line at hand and may go on below, as long as lines are indented more than <paramref name="indent"/>.</summary>
    private YamlNode Value(string text, int indent, int depth)
    {
        YamlNode node = Here();
        switch (text[0])
        {
            case '"' or '\'':
                node.Text = Unquote(Quoted(text, indent));
                return node;
            case '[' or '{':
                string flow = Gathered(text, indent);
                int at = 0;
                YamlNode read = Flow(flow, ref at, depth);
                read.Line = node.Line;
                return read;
        }
        var plain = new StringBuilder(WithoutComment(text));
        for (_at++; !AtEnd; _at++)
        {
            var (deep, line, _) = _lines[_at];
            if (line.Length == 0 || line[0] == '#' || deep <= indent || line.StartsWith("- ", StringComparison.Ordinal) || KeyEnd(line) >= 0) break;
            plain.Append(' ').Append(WithoutComment(line));
        }
        string found = plain.ToString();
        node.Text = found is "~" or "null" ? null : found;
        return node;
    }

    /// <summary>The text of a quoted value with its quotes; lines below are joined by one space each.</summary>
    private string Quoted(string text, int indent)
    {
        char quote = text[0];
        var whole = new StringBuilder();
        string line = text;
        int from = 1;
        while (true)
        {
            for (int i = from; i < line.Length; i++)
            {
                if (quote == '"' && line[i] == '\\') i++;
                else if (line[i] == quote && quote == '\'' && i + 1 < line.Length && line[i + 1] == quote) i++;
                else if (line[i] == quote)
                {
                    string after = line[(i + 1)..].Trim();
                    if (after.Length > 0 && after[0] != '#') throw Fault("something follows the closing quote");
                    _at++;
                    return whole.Append(line, 0, i + 1).ToString();
                }
            }
            whole.Append(line).Append(' ');
            int began = _at++;
            while (!AtEnd && _lines[_at].Text.Length == 0) _at++;
            if (AtEnd || _lines[_at].Indent <= indent)
            {
                _at = began;
                throw Fault("a quote is not closed");
            }
            line = _lines[_at].Text;
            from = 0;
        }
    }

    /// <summary>The text of a flow list or map up to the bracket that closes it.</summary>
    private string Gathered(string text, int indent)
    {
        var whole = new StringBuilder();
        int open = 0, began = _at;
        char quote = '\0';
        string line = text;
        while (true)
        {
            for (int i = 0; i < line.Length; i++)
            {
                char c = line[i];
                if (quote != '\0') quote = c == quote ? '\0' : quote;
                else if (c is '"' or '\'') quote = c;
                else if (c == '#' && (i == 0 || line[i - 1] == ' '))
                {
                    line = line[..i].TrimEnd();
                    break;
                }
                else if (c is '[' or '{') open++;
                else if (c is ']' or '}' && --open == 0)
                {
                    string after = line[(i + 1)..].Trim();
                    if (after.Length > 0 && after[0] != '#') throw Fault("something follows the closing bracket");
                    _at++;
                    return whole.Append(line, 0, i + 1).ToString();
                }
            }
            whole.Append(line).Append(' ');
            _at++;
            while (!AtEnd && _lines[_at].Text.Length == 0) _at++;
            if (AtEnd || _lines[_at].Indent < indent)
            {
                _at = began;
                throw Fault("a bracket is not closed");
            }
            line = _lines[_at].Text;
        }
    }

    /// <summary>A list keeps its own text as well: variables take it as it stands.</summary>
    private YamlNode Flow(string text, ref int at, int depth)
    {
        if (depth > YamlNode.MostDepth) throw Fault($"nested deeper than {YamlNode.MostDepth} levels");
        var node = new YamlNode { File = _file };
        int start = at;
        bool map = text[at++] == '{';
        if (map) node.Map = [];
        else node.Items = [];
        while (true)
        {
            while (at < text.Length && text[at] is ' ' or ',') at++;
            if (at >= text.Length) throw Fault("a bracket is not closed");
            if (text[at] is ']' or '}') break;
            if (!map)
            {
                node.Items!.Add(text[at] is '[' or '{' ? Flow(text, ref at, depth + 1) : new YamlNode { File = _file, Text = Unquote(Word(text, ref at, ",]}")) });
                continue;
            }
            string key = Unquote(Word(text, ref at, ":,}]"));
            if (at < text.Length && text[at] == ':') at++;
            while (at < text.Length && text[at] == ' ') at++;
            if (at >= text.Length) throw Fault("a bracket is not closed");
            node.Map![key] = text[at] is '[' or '{' ? Flow(text, ref at, depth + 1) : new YamlNode { File = _file, Text = Unquote(Word(text, ref at, ",]}")) };
        }
        at++;
        if (!map) node.Text = text[start..at];
        return node;
    }

    /// <summary>One word of a flow list; a colon ends it only before a space, so that addresses stay whole.</summary>
    private static string Word(string text, ref int at, string ends)
    {
        int start = at;
        if (text[at] is '"' or '\'')
        {
            int close = text.IndexOf(text[at], at + 1);
            at = close < 0 ? text.Length : close + 1;
            string quoted = text[start..at];
            while (at < text.Length && text[at] == ' ') at++;
            return quoted;
        }
        while (at < text.Length && !(ends.Contains(text[at], StringComparison.Ordinal) && (text[at] != ':' || at + 1 >= text.Length || text[at + 1] == ' '))) at++;
        if (at == start) at++; // a stray bracket is taken for what it is: nothing
        return text[start..at].Trim();
    }

    private static string WithoutComment(string text)
    {
        for (int i = 1; i < text.Length; i++)
            if (text[i] == '#' && text[i - 1] is ' ' or '\t') return text[..i].TrimEnd();
        return text;
    }

    private static string Unquote(string text)
    {
        if (text.Length < 2 || text[0] != text[^1] || text[0] is not ('"' or '\'')) return text;
        string inner = text[1..^1];
        if (text[0] == '\'') return inner.Replace("''", "'", StringComparison.Ordinal);
        if (!inner.Contains('\\', StringComparison.Ordinal)) return inner;
        var plain = new StringBuilder();
        for (int i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\' || i + 1 == inner.Length) plain.Append(inner[i]);
            else plain.Append(inner[++i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var c => c });
        }
        return plain.ToString();
    }
}
