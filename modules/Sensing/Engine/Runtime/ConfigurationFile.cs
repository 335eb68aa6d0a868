namespace Appliance.Sensing.Engine.Runtime;

/// <summary>suricata.yaml with everything it includes, at its top or inside any section.</summary>
internal static class ConfigurationFile
{
    private const int MostIncludes = 8;

    /// <summary>Reads a file; names of included ones are relative to it. Throws <see cref="IOException"/> or <see cref="YamlException"/>, which say which file and line.</summary>
    public static YamlNode Read(string path)
    {
        string full = Path.GetFullPath(path);
        return Expand(YamlReader.Read(Text(full), path), Path.GetDirectoryName(full) ?? ".", 0);
    }

    private static string Text(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new FileNotFoundException($"there is no file {path}");
        if (file.Length > YamlReader.MostBytes) throw new IOException($"{path} is larger than {YamlReader.MostBytes} bytes");
        return File.ReadAllText(path);
    }

    /// <summary>What stands before an include gives way to it, what stands behind it does not.</summary>
    private static YamlNode Expand(YamlNode node, string folder, int depth)
    {
        if (node.Items != null)
            for (int i = 0; i < node.Items.Count; i++) node.Items[i] = Expand(node.Items[i], folder, depth);
        if (node.Map == null) return node;
        var merged = new Dictionary<string, YamlNode>();
        foreach (var (key, value) in node.Map)
        {
            if (key != "include")
            {
                Merge(merged, key, Expand(value, folder, depth));
                continue;
            }
            if (depth >= MostIncludes) throw new YamlException(value.File, value.Line, $"files are included deeper than {MostIncludes} levels");
            foreach (string name in value.Items != null ? value.Items.Select(i => i.Text ?? "") : [value.Text ?? ""])
            {
                string full = Path.Combine(folder, name);
                YamlNode inner = Expand(YamlReader.Read(Text(full), full), Path.GetDirectoryName(full) ?? ".", depth + 1);
                foreach (var (innerKey, innerValue) in inner.Map ?? []) Merge(merged, innerKey, innerValue);
            }
        }
        node.Map = merged;
        return node;
    }

    /// <summary>Adds the keys of one configuration to another.</summary>
    public static void Merge(YamlNode into, YamlNode more)
    {
        into.Map ??= [];
        foreach (var (key, value) in more.Map ?? []) Merge(into.Map, key, value);
    }

    /// <summary>Maps grow together, anything else is replaced.</summary>
    private static void Merge(Dictionary<string, YamlNode> into, string key, YamlNode value)
    {
        if (value.Map != null && into.TryGetValue(key, out YamlNode? known) && known.Map != null)
            foreach (var (inner, node) in value.Map) Merge(known.Map, inner, node);
        else into[key] = value;
    }
}
