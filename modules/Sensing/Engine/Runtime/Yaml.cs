
namespace Appliance.Sensing.Engine.Runtime;

/// <summary>A node of a configuration file: text, list or map. Reading never fails: what is absent is empty.</summary>
internal sealed class YamlNode
{
    public string? Text;
    public List<YamlNode>? Items;
    public Dictionary<string, YamlNode>? Map;

    public YamlNode? this[string path]
    {
        get
        {
            YamlNode? node = this;
            foreach (string part in path.Split('.'))
            {
                if (node == null) return null;
                YamlNode? next = null;
                if (node.Map != null) node.Map.TryGetValue(part, out next);
                else if (node.Items != null && int.TryParse(part, System.Globalization.CultureInfo.InvariantCulture, out int index))
                {
                    if (index >= 0 && index < node.Items.Count) next = node.Items[index];
                }
                // a list of one-entry maps, as under "outputs", is addressed by name
                else if (node.Items != null) next = node.Items.Select(i => i.Map != null && i.Map.TryGetValue(part, out YamlNode? n) ? n : i.Text == part ? new YamlNode() : null).FirstOrDefault(n => n != null);
                if (next == null && node.Items != null) next = node.Items.Select(i => i.Map != null && i.Map.TryGetValue(part, out YamlNode? n) ? n : i.Text == part ? new YamlNode() : null).FirstOrDefault(n => n != null);
                node = next;
            }
            return node;
        }
    }

    public string? Value(string path) => this[path]?.Text;

    public bool Flag(string path, bool otherwise)
    {
        string? text = Value(path);
        return text == null ? otherwise : IsTrue(text);
    }

    public static bool IsTrue(string text) => text.ToLowerInvariant() is "yes" or "true" or "on" or "1";

    public int Integer(string path, int otherwise) => int.TryParse(Value(path), System.Globalization.CultureInfo.InvariantCulture, out int n) ? n : otherwise;

    public long Size(string path, long otherwise) => TrySize(Value(path), out long size) ? size : otherwise;

    public static bool TrySize(string? text, out long size)
    {
        size = 0;
        if (string.IsNullOrWhiteSpace(text)) return false;
        string lower = text.Trim().ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal);
        string digits = new(lower.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').ToArray());
        if (!double.TryParse(digits, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out double number)) return false;
        long unit = lower[digits.Length..] switch { "" or "b" => 1, "k" or "kb" or "kib" => 1024, "m" or "mb" or "mib" => 1 << 20, "g" or "gb" or "gib" => 1 << 30, _ => 0 };
        if (unit == 0) return false;
        size = (long)(number * unit);
        return true;
    }

    /// <summary>Sets a value by dotted path, making what is missing: --set.</summary>
    public void Set(string path, string value)
    {
        YamlNode node = this;
        string[] parts = path.Split('.');
        for (int i = 0; i < parts.Length; i++)
        {
            YamlNode? next = null;
            if (node.Items != null)
            {
                if (int.TryParse(parts[i], System.Globalization.CultureInfo.InvariantCulture, out int index))
                {
                    while (node.Items.Count <= index) node.Items.Add(new YamlNode());
                    next = node.Items[index];
                }
                else
                {
                    next = node.Items.Select(n => n.Map != null && n.Map.TryGetValue(parts[i], out YamlNode? found) ? found : null).FirstOrDefault(n => n != null);
                    if (next == null)
                    {
                        next = new YamlNode();
                        YamlNode? plain = node.Items.FirstOrDefault(n => n.Text == parts[i]);
                        if (plain != null)
                        {
                            plain.Text = null;
                            plain.Map = new Dictionary<string, YamlNode> { [parts[i]] = next };
                        }
                        else node.Items.Add(new YamlNode { Map = new Dictionary<string, YamlNode> { [parts[i]] = next } });
                    }
                }
            }
            else
            {
                node.Map ??= [];
                if (!node.Map.TryGetValue(parts[i], out next)) node.Map[parts[i]] = next = new YamlNode();
            }
            node = next;
        }
        node.Text = value;
        node.Map = null;
        node.Items = null;
    }
}

/// <summary>The part of YAML that sensor configurations use: block maps and lists, flow lists, quotes, comments, includes left to the caller.</summary>
internal sealed class YamlReader
{
    private readonly List<(int Indent, string Text)> _lines = [];
    private int _at;

    public static YamlNode Read(string text)
    {
        var reader = new YamlReader();
        foreach (string raw in text.Split('\n'))
        {
            string line = StripComment(raw.TrimEnd('\r', ' ', '\t'));
            string body = line.TrimStart(' ');
            if (body.Length == 0 || body.StartsWith('%') || body == "---" || body == "...") continue;
            reader._lines.Add((line.Length - body.Length, body));
        }
        return reader._lines.Count == 0 ? new YamlNode { Map = [] } : reader.Block(reader._lines[0].Indent);
    }

    private static string StripComment(string line)
    {
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
            }
            else if (c is '"' or '\'') quote = i == 0 || line[i - 1] is ' ' or '[' or ',' or ':' ? c : '\0';
            else if (c == '#' && (i == 0 || line[i - 1] is ' ' or '\t')) return line[..i].TrimEnd();
        }
        return line;
    }

    private YamlNode Block(int indent)
    {
        var node = new YamlNode();
        while (_at < _lines.Count)
        {
            var (at, text) = _lines[_at];
            if (at < indent) break;
            if (text.StartsWith("- ", StringComparison.Ordinal) || text == "-")
            {
                if (node.Map != null) break;
                node.Items ??= [];
                string rest = text.Length > 1 ? text[2..].TrimStart() : "";
                int inner = at + (text.Length - rest.Length);
                if (rest.Length == 0)
                {
                    _at++;
                    node.Items.Add(_at < _lines.Count && _lines[_at].Indent > at ? Block(_lines[_at].Indent) : new YamlNode { Text = "" });
                }
                else if (KeyEnd(rest) >= 0)
                {
                    _lines[_at] = (inner, rest);
                    node.Items.Add(Block(inner));
                }
                else
                {
                    _at++;
                    node.Items.Add(Scalar(rest));
                }
                continue;
            }
            int colon = KeyEnd(text);
            if (colon < 0)
            {
                _at++;
                node.Text ??= Unquote(text);
                continue;
            }
            if (node.Items != null) break;
            node.Map ??= [];
            string key = Unquote(text[..colon].Trim());
            string value = text[(colon + 1)..].Trim();
            _at++;
            if (value.Length > 0 && !value.StartsWith('&') && value is not ("|" or ">")) node.Map[key] = Scalar(value);
            else if (_at < _lines.Count && (_lines[_at].Indent > at || _lines[_at].Indent == at && _lines[_at].Text.StartsWith('-'))) node.Map[key] = Block(_lines[_at].Indent);
            else node.Map[key] = new YamlNode();
        }
        return node;
    }

    private static int KeyEnd(string text)
    {
        char quote = '\0';
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
            }
            else if (c is '"' or '\'' && i == 0) quote = c;
            else if (c is '[' or '{') depth++;
            else if (c is ']' or '}') depth--;
            else if (c == ':' && depth == 0 && (i + 1 == text.Length || text[i + 1] == ' ')) return i;
        }
        return -1;
    }

    private static YamlNode Scalar(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']') && !text.StartsWith("[$", StringComparison.Ordinal))
        {
            var list = new YamlNode { Items = [], Text = text };
            foreach (string item in text[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) list.Items.Add(new YamlNode { Text = Unquote(item) });
            return list;
        }
        if (text is "~" or "null") return new YamlNode();
        return new YamlNode { Text = Unquote(text) };
    }

    private static string Unquote(string text)
    {
        if (text.Length >= 2 && text[0] == text[^1] && text[0] is '"' or '\'' && text.Length >= 2)
        {
            string inner = text[1..^1];
            return text[0] == '"' ? inner.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal) : inner.Replace("''", "'", StringComparison.Ordinal);
        }
        return text;
    }
}
