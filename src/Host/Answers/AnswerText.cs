using Appliance.Kernel.Answers;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Appliance.Host.Answers;

/// <summary>Reads YAML (and so JSON) into a tree with places. Only what an answer file needs: no anchors, no aliases, no tags, one document, bounded in size and depth.</summary>
internal static class AnswerText
{
    public const int MaxBytes = 512 * 1024;

    private const int MaxDepth = 8;
    private const int MaxNodes = 50_000;

    /// <summary>The tree; null where it is no YAML at all, with the reason among <paramref name="faults"/>.</summary>
    public static AnswerNode? Read(string text, ICollection<AnswerFault> faults)
    {
        try
        {
            if (Refused(text) is { } refused)
            {
                faults.Add(refused);
                return null;
            }
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                faults.Add(new("", 1, "the file must be one document of names and values"));
                return null;
            }
            return Node("", root, faults);
        }
        catch (YamlException fault)
        {
            faults.Add(new("", (int)fault.Start.Line, $"cannot be read from here on: {fault.InnerException?.Message ?? fault.Message}"));
            return null;
        }
    }

    /// <summary>A first pass over the events: what could make a small file large, deep or clever ends it before a tree is built.</summary>
    private static AnswerFault? Refused(string text)
    {
        var parser = new Parser(new StringReader(text));
        var (depth, nodes) = (0, 0);
        while (parser.MoveNext())
        {
            var line = (int)parser.Current!.Start.Line;
            switch (parser.Current)
            {
                case YamlDotNet.Core.Events.AnchorAlias:
                    return new("", line, "refers to another place (*name); write the value out");
                case YamlDotNet.Core.Events.NodeEvent node when !node.Anchor.IsEmpty:
                    return new("", line, "names a place (&name); write the value out where it is wanted");
                case YamlDotNet.Core.Events.NodeEvent node when !node.Tag.IsEmpty && node.Tag.Value != "!":
                    return new("", line, $"has a tag ({node.Tag.Value}); values are plain texts here");
            }
            depth += parser.Current is YamlDotNet.Core.Events.MappingStart or YamlDotNet.Core.Events.SequenceStart ? 1 : parser.Current is YamlDotNet.Core.Events.MappingEnd or YamlDotNet.Core.Events.SequenceEnd ? -1 : 0;
            if (depth > MaxDepth)
                return new("", line, $"is nested deeper than {MaxDepth}");
            if (++nodes > MaxNodes)
                return new("", line, $"has more than {MaxNodes} parts");
        }
        return null;
    }

    private static AnswerNode Node(string path, YamlNode node, ICollection<AnswerFault> faults)
    {
        var line = (int)node.Start.Line;
        return node switch
        {
            YamlScalarNode scalar => new(path, line, Plain(scalar), null, null),
            YamlSequenceNode list => new(path, line, null, [.. list.Children.Select((child, i) => Node($"{path}[{i}]", child, faults))], null),
            YamlMappingNode map => new(path, line, null, null, Members(path, map, faults)),
            _ => new(path, line, "", null, null),
        };
    }

    private static List<KeyValuePair<string, AnswerNode>> Members(string path, YamlMappingNode map, ICollection<AnswerFault> faults)
    {
        var members = new List<KeyValuePair<string, AnswerNode>>();
        foreach (var (key, value) in map.Children)
        {
            if (key is not YamlScalarNode { Value: { Length: > 0 } name })
                faults.Add(new(path, (int)key.Start.Line, "has a name that is no text"));
            else
                members.Add(new(name, Node(path.Length == 0 ? name : $"{path}.{name}", value, faults)));
        }
        return members;
    }

    /// <summary>An unquoted null and an empty value are both "left out".</summary>
    private static string Plain(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is null or "~" or "null" ? "" : scalar.Value ?? "";
}
