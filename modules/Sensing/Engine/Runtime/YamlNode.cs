namespace Appliance.Sensing.Engine.Runtime;

/// <summary>A node of a configuration file: text, list or map. Reading never fails: what is absent is empty.</summary>
internal sealed class YamlNode
{
    public const int MostDepth = 64, MostItems = 65536;
    public string? Text;
    public List<YamlNode>? Items;
    public Dictionary<string, YamlNode>? Map;

    /// <summary>Where it was read, for what is said about it; line 0 for what no file holds.</summary>
    public string File = "";
    public int Line;

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
        if (parts.Length > MostDepth) return;
        for (int i = 0; i < parts.Length; i++)
        {
            YamlNode? next = null;
            if (node.Items != null)
            {
                if (int.TryParse(parts[i], System.Globalization.CultureInfo.InvariantCulture, out int index))
                {
                    if (index is < 0 or > MostItems) return;
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
