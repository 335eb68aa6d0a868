using System.Text;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>A configuration file is not the YAML it claims to be; the message names the line.</summary>
internal sealed class YamlException(string file, int line, string reason) : Exception($"{file}:{line}: {reason}");

/// <summary>
/// The YAML that sensor configurations use: block maps and lists, flow lists and maps, quoted and folded text, comments. Anchors are read over; includes are left to the caller.
/// Depth and size are bounded, since the file may come from anywhere.
/// </summary>
internal sealed partial class YamlReader
{
    public const int MostBytes = 8 << 20;
    private readonly List<(int Indent, string Text, int Number)> _lines = [];
    private readonly string _file;
    private int _at;

    private YamlReader(string text, string file)
    {
        _file = file;
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.TrimEnd('\r', ' ', '\t');
            string body = line.TrimStart(' ');
            _lines.Add((line.Length - body.Length, body, number));
        }
    }

    /// <summary>Throws <see cref="YamlException"/> for what cannot be read.</summary>
    public static YamlNode Read(string text, string file = "")
    {
        if (text.Length > MostBytes) throw new YamlException(file, 1, $"larger than {MostBytes} characters");
        var reader = new YamlReader(text, file);
        reader.SkipEmpty();
        if (reader.AtEnd) return new YamlNode { Map = [], File = file };
        YamlNode root = reader.Block(reader._lines[reader._at].Indent, 0);
        reader.SkipEmpty();
        if (!reader.AtEnd) throw reader.Fault("this line is indented less than what it follows");
        return root;
    }

    private bool AtEnd => _at >= _lines.Count;

    private YamlException Fault(string reason) => new(_file, AtEnd ? _lines.Count : _lines[_at].Number, reason);

    private YamlNode Here() => new() { File = _file, Line = AtEnd ? _lines.Count : _lines[_at].Number };

    /// <summary>Past empty lines, comments, directives and document marks.</summary>
    private void SkipEmpty()
    {
        while (!AtEnd)
        {
            var (indent, text, _) = _lines[_at];
            if (text.Length == 0 || text[0] == '#' || indent == 0 && (text[0] == '%' || text is "---" or "..." || text.StartsWith("--- ", StringComparison.Ordinal))) _at++;
            else return;
        }
    }

    private YamlNode Block(int indent, int depth)
    {
        if (depth > YamlNode.MostDepth) throw Fault($"nested deeper than {YamlNode.MostDepth} levels");
        YamlNode node = Here();
        for (SkipEmpty(); !AtEnd; SkipEmpty())
        {
            var (at, text, _) = _lines[_at];
            if (at < indent) break;
            if (text[0] == '\t') throw Fault("indented with a tab");
            bool item = text == "-" || text.StartsWith("- ", StringComparison.Ordinal);
            int colon = item ? -1 : KeyEnd(text);
            if (at > indent && (node.Map != null || node.Items != null)) throw Fault("this line is indented more than what it stands beside");
            if (item)
            {
                if (node.Map != null) break;
                node.Items ??= [];
                node.Items.Add(Item(at, text, depth));
            }
            else if (colon >= 0)
            {
                if (node.Items != null) break;
                node.Map ??= [];
                Entry(node.Map, at, text, colon, depth);
            }
            else if (node.Map != null || node.Items != null) throw Fault($"neither \"name: value\" nor \"- item\": \"{Shortened(text)}\"");
            else return Value(text, indent - 1, depth);
        }
        return node;
    }

    private YamlNode Item(int at, string text, int depth)
    {
        string rest = text.Length > 1 ? text[2..].TrimStart() : "";
        if (rest.Length == 0 || rest[0] == '#')
        {
            YamlNode empty = Here();
            _at++;
            SkipEmpty();
            if (!AtEnd && _lines[_at].Indent > at) return Block(_lines[_at].Indent, depth + 1);
            empty.Text = "";
            return empty;
        }
        int inner = at + (text.Length - rest.Length);
        bool nested = rest == "-" || rest.StartsWith("- ", StringComparison.Ordinal) || rest[0] is not ('[' or '{') && KeyEnd(rest) >= 0;
        if (!nested) return Value(rest, at, depth);
        _lines[_at] = (inner, rest, _lines[_at].Number);
        return Block(inner, depth + 1);
    }

    private void Entry(Dictionary<string, YamlNode> map, int at, string text, int colon, int depth)
    {
        string key = Unquote(text[..colon].Trim());
        string value = text[(colon + 1)..].Trim();
        if (value.StartsWith('&'))
        {
            int space = value.IndexOf(' ', StringComparison.Ordinal);
            value = space < 0 ? "" : value[space..].Trim();
        }
        YamlNode empty = Here();
        if (value.Length > 0 && value[0] != '#')
        {
            YamlNode node = value[0] is '|' or '>' ? Literal(value, at) : Value(value, at, depth);
            node.Line = empty.Line;
            map[key] = node;
            return;
        }
        _at++;
        SkipEmpty();
        bool below = !AtEnd && (_lines[_at].Indent > at || _lines[_at].Indent == at && (_lines[_at].Text == "-" || _lines[_at].Text.StartsWith("- ", StringComparison.Ordinal)));
        YamlNode found = below ? Block(_lines[_at].Indent, depth + 1) : empty;
        found.Line = empty.Line;
        map[key] = found;
    }

    /// <summary>Text kept line by line ("|") or folded to one (">").</summary>
    private YamlNode Literal(string mark, int indent)
    {
        YamlNode node = Here();
        var text = new StringBuilder();
        for (_at++; !AtEnd && (_lines[_at].Indent > indent || _lines[_at].Text.Length == 0); _at++) text.Append(_lines[_at].Text).Append(mark[0] == '|' ? '\n' : ' ');
        node.Text = text.ToString().Trim();
        return node;
    }

    /// <summary>Where the name of an entry ends; -1 when the line is none.</summary>
    private static int KeyEnd(string text)
    {
        if (text[0] is '[' or '{' or '#') return -1;
        int from = 0;
        if (text[0] is '"' or '\'')
        {
            from = text.IndexOf(text[0], 1) + 1;
            if (from == 0) return -1;
        }
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] == ':' && (i + 1 == text.Length || text[i + 1] is ' ' or '\t')) return i;
            if (text[i] == '#' && i > 0 && text[i - 1] == ' ') return -1;
        }
        return -1;
    }

    private static string Shortened(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
