using System.Reflection;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>The fields of a published JSON format as a table of groups, read from a text that states one field a line. Immutable.</summary>
/// <remarks>
/// Lines of a group: <c>name* kind</c> (the star: required); <c>needs a,b</c>; <c>either a kind,b kind</c> (one of them, well formed); <c>never a,b</c> (not all
/// of the class); <c>some</c> (at least one field); <c>only</c> (no other field); <c>when|unless field kind needs a,b</c> or <c>… field kind</c>. A field of the
/// condition that is absent counts as met, as in JSON Schema. The words <c>old</c> and <c>new</c> in front limit a line to those versions.
/// </remarks>
internal sealed class FieldTable
{
    private readonly Dictionary<string, FieldGroup> _groups = new(StringComparer.Ordinal);

    private FieldTable(IEnumerable<string> lines)
    {
        var stack = new Stack<(int Indent, FieldGroup Group)>();
        foreach (var line in lines)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            var indent = line.Length - line.TrimStart(' ').Length;
            while (stack.Count > 0 && stack.Peek().Indent >= indent)
                stack.Pop();
            if (indent == 0)
            {
                var (name, parents) = line.Split(" : ") is [var n, var p] ? (n, p.Split(' ')) : (line, []);
                var group = new FieldGroup { Parents = parents, Closed = name.EndsWith('!') };
                _groups[name.TrimEnd('!')] = group;
                stack.Push((0, group));
                continue;
            }
            if (stack.Peek().Group.Add(line.Trim()) is { } inner)
                stack.Push((indent, inner));
        }
    }

    /// <summary>Reads a table of this assembly.</summary>
    public static FieldTable Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"Appliance.Kernel.Mail.Parse.Abuse.{name}")!);
        return new(reader.ReadToEnd().Split('\n').Select(l => l.TrimEnd()));
    }

    public FieldGroup? Find(string name) => _groups.GetValueOrDefault(name);

    /// <summary>The lines of a group and of those that it builds on, the latter first.</summary>
    public IEnumerable<FieldLine> Lines(FieldGroup group, bool isNew) =>
        group.Parents.SelectMany(p => Lines(_groups[p], isNew)).Concat(group.Lines.Where(l => l.Version is null || l.Version == (isNew ? "new" : "old")));
}

/// <summary>Fields that stand together in one object.</summary>
internal sealed class FieldGroup
{
    public IReadOnlyList<string> Parents { get; init; } = [];

    /// <summary>No other field is allowed.</summary>
    public bool Closed { get; init; }

    public List<FieldLine> Lines { get; } = [];

    /// <summary>Adds a line; answers the object that it opens, if any.</summary>
    public FieldGroup? Add(string text)
    {
        var (version, rest) = text.StartsWith("old ", StringComparison.Ordinal) || text.StartsWith("new ", StringComparison.Ordinal) ? (text[..3], text[4..]) : (null, text);
        var (word, tail) = Cut(rest);
        if (word is "needs" or "either" or "never" or "some" or "only" or "when" or "unless")
        {
            Lines.Add(new(version, word, "", false, tail, null));
            return null;
        }
        var (kind, range) = Cut(tail);
        var inner = kind.TrimEnd('!') is "object" or "list" ? new FieldGroup { Closed = kind.EndsWith('!') } : null;
        Lines.Add(new(version, "field", word.TrimEnd('*'), word.EndsWith('*'), inner is null ? tail : $"{kind.TrimEnd('!')} {range}".Trim(), inner));
        return inner;
    }

    internal static (string Word, string Tail) Cut(string text) => text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..]) : (text, "");
}

/// <summary>One line of a group.</summary>
/// <param name="Version">old, new, or null for all.</param>
/// <param name="Rule">field, or the word that begins the line.</param>
/// <param name="Name">Of a field.</param>
/// <param name="Required">Of a field.</param>
/// <param name="Kind">What the field holds; the rest of the line for other rules.</param>
/// <param name="Inner">The fields of an object or of each object of a list.</param>
internal sealed record FieldLine(string? Version, string Rule, string Name, bool Required, string Kind, FieldGroup? Inner);
