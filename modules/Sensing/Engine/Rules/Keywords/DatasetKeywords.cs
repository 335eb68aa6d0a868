using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>dataset and datarep: is the buffer's value in a set, and what is it worth there?</summary>
internal static class DatasetKeywords
{
    public static DatasetKind KindOf(string keyword, string word) => word switch
    {
        "string" => DatasetKind.Text,
        "md5" => DatasetKind.Md5,
        "sha256" => DatasetKind.Sha256,
        "ipv4" => DatasetKind.Ipv4,
        "ip" or "ipv6" => DatasetKind.Ip,
        "domain" => DatasetKind.Domain,
        _ => throw new RuleException(keyword, $"unknown type \"{word}\""),
    };

    public static void Set(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = Parts(b, keyword, value);
        if (parts.Length < 2) throw new RuleException(keyword, "has the form act,name[,type ...]");
        DatasetAct act = parts[0] switch
        {
            "isset" => DatasetAct.IsSet,
            "isnotset" => DatasetAct.IsNotSet,
            "set" => DatasetAct.Set,
            "unset" => DatasetAct.Unset,
            _ => throw new RuleException(keyword, $"unknown act \"{parts[0]}\""),
        };
        Dataset set = Named(b, keyword, parts[1], parts.Skip(2), false);
        if (set.Kind == DatasetKind.Domain && act is DatasetAct.Set or DatasetAct.Unset) throw new RuleException(keyword, "a set of domains is asked, not changed");
        set.Changes |= act is DatasetAct.Set or DatasetAct.Unset;
        b.Add(new Term { Kind = TermKind.Dataset, Set = set, SetAct = act });
    }

    public static void Reputation(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = Parts(b, keyword, value);
        if (parts.Length < 3) throw new RuleException(keyword, "has the form name,operator,value[,type ...]");
        Comparison compare = parts[1] switch
        {
            "<" => Comparison.Less,
            ">" => Comparison.Greater,
            "==" => Comparison.Equal,
            "!=" => Comparison.NotEqual,
            "<=" => Comparison.LessOrEqual,
            ">=" => Comparison.GreaterOrEqual,
            _ => throw new RuleException(keyword, $"unknown operator \"{parts[1]}\""),
        };
        Dataset set = Named(b, keyword, parts[0], parts.Skip(3), true);
        if (set.Kind == DatasetKind.Domain) throw new RuleException(keyword, "domains have no reputation");
        b.Add(new Term { Kind = TermKind.Dataset, Set = set, SetAct = DatasetAct.Reputation, Compare = compare, Value = RuleParser.Unsigned(keyword, parts[2]) });
    }

    private static string[] Parts(RuleBuilder b, string keyword, string? value)
    {
        if (b.Buffer == BufferId.Payload) throw new RuleException(keyword, "needs a sticky buffer before it");
        return (value ?? "").Split(',').Select(p => p.Trim()).ToArray();
    }

    private static Dataset Named(RuleBuilder b, string keyword, string name, IEnumerable<string> options, bool reputation)
    {
        b.Rule.LooksOutside = true;
        if (name.Length is 0 or > 63) throw new RuleException(keyword, "the set's name has 1 to 63 characters");
        DatasetKind? kind = null;
        string? load = null, save = null;
        foreach (string option in options)
        {
            int space = option.IndexOf(' ', StringComparison.Ordinal);
            string word = space < 0 ? option : option[..space], argument = space < 0 ? "" : option[space..].Trim();
            switch (word)
            {
                case "type": kind = KindOf(keyword, argument); break;
                case "load": load = argument; break;
                case "save": save = argument; break;
                case "state": load = save = argument; break;
                case "memcap" or "hashsize":
                    if (!Runtime.YamlNode.TrySize(argument, out _)) throw new RuleException(keyword, $"\"{argument}\" is not a size");
                    break;
                default: throw new RuleException(keyword, $"unknown option \"{option}\"");
            }
        }
        Dataset set = b.Parser.Options.Datasets.Of(keyword, name, kind, out bool fresh);
        if (!fresh) return set;
        try
        {
            if (load != null)
            {
                string path = load == save ? b.Parser.Options.DataPath(load) : b.Parser.PathOf(load, b.Rule.File);
                if (load != save || File.Exists(path)) set.Load(keyword, path, reputation);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RuleException)
        {
            b.Parser.Options.Datasets.Forget(name);
            if (e is RuleException) throw;
            throw new RuleException(keyword, $"the values of {name} cannot be read: {e.Message}");
        }
        if (save != null) set.SaveAtEnd(b.Parser.Options.DataPath(save));
        return set;
    }
}
