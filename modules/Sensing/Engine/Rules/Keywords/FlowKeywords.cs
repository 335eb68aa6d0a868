using System.Globalization;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Keywords about the flow, and about what rules remember from packet to packet.</summary>
internal static class FlowKeywords
{
    public static void Flow(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.Flow != FlowWish.None) throw new RuleException(keyword, "stands twice");
        foreach (string item in (value ?? "").Split(','))
        {
            FlowWish wish = item.Trim().ToLowerInvariant() switch
            {
                "established" => FlowWish.Established,
                "not_established" => FlowWish.NotEstablished,
                "to_server" or "from_client" => FlowWish.ToServer,
                "to_client" or "from_server" => FlowWish.ToClient,
                "stateless" => FlowWish.Stateless,
                "only_stream" => FlowWish.OnlyStream,
                "no_stream" => FlowWish.NoStream,
                "only_frag" => FlowWish.OnlyFragment,
                "no_frag" => FlowWish.NoFragment,
                _ => throw new RuleException(keyword, $"unknown option \"{item.Trim()}\""),
            };
            if (b.Rule.Flow.HasFlag(wish)) throw new RuleException(keyword, $"{item.Trim()} stands twice");
            b.Rule.Flow |= wish;
        }
        FlowWish all = b.Rule.Flow;
        if (all.HasFlag(FlowWish.ToServer | FlowWish.ToClient)) throw new RuleException(keyword, "cannot be to_server and to_client");
        if (all.HasFlag(FlowWish.OnlyStream | FlowWish.NoStream) || all.HasFlag(FlowWish.OnlyFragment | FlowWish.NoFragment)) throw new RuleException(keyword, "only_ contradicts no_");
        if (all.HasFlag(FlowWish.Established | FlowWish.NotEstablished) || all.HasFlag(FlowWish.Established | FlowWish.Stateless)) throw new RuleException(keyword, "established contradicts another option");
    }

    public static void FlowBits(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        string act = comma < 0 ? text : text[..comma];
        if (act == "noalert")
        {
            if (comma >= 0) throw new RuleException(keyword, "noalert has no name");
            b.Rule.NoAlert = true;
            return;
        }
        if (comma < 0) throw new RuleException(keyword, $"unknown option \"{act}\"");
        string name = text[(comma + 1)..].Trim();
        if (name.Length == 0 || name.Contains(' ', StringComparison.Ordinal) && !name.Contains('|', StringComparison.Ordinal)) throw new RuleException(keyword, "the name is missing or holds a blank");
        int[] any = name.Split('|').Select(n => b.Parser.Names.Of("flow:" + n.Trim())).ToArray();
        var step = new VariableStep { Scope = VariableScope.Flow, Name = any[0], AnyOf = any.Length > 1 ? any : null };
        switch (act)
        {
            case "set": step.Act = VariableAct.Set; break;
            case "unset": step.Act = VariableAct.Unset; break;
            case "toggle": step.Act = VariableAct.Toggle; break;
            case "isset": step.Act = VariableAct.IsSet; break;
            case "isnotset": step.Act = VariableAct.IsNotSet; break;
            default: throw new RuleException(keyword, $"unknown option \"{act}\"");
        }
        if (step.Act is VariableAct.IsSet or VariableAct.IsNotSet) b.Rule.Before.Add(step);
        else b.Rule.After.Add(step);
    }

    public static void XBits(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',').Select(p => p.Trim()).ToArray();
        if (parts.Length < 3) throw new RuleException(keyword, "has the form act,name,track ...");
        var step = new VariableStep { Name = b.Parser.Names.Of("host:" + parts[1]), ExpireSeconds = 30 };
        foreach (string part in parts.Skip(2))
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 2 && words[0] == "track")
                step.Scope = words[1] switch
                {
                    "ip_src" => VariableScope.Source,
                    "ip_dst" => VariableScope.Destination,
                    "ip_pair" => VariableScope.Pair,
                    _ => throw new RuleException(keyword, $"unknown track \"{words[1]}\""),
                };
            else if (words.Length == 2 && words[0] == "expire")
            {
                step.ExpireSeconds = RuleParser.Integer(keyword, words[1]);
                if (step.ExpireSeconds <= 0) throw new RuleException(keyword, "expire must be greater than 0");
            }
            else throw new RuleException(keyword, $"unknown option \"{part}\"");
        }
        AddHostStep(b, keyword, parts[0], step);
    }

    public static void HostBits(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',').Select(p => p.Trim()).ToArray();
        if (parts is ["noalert"])
        {
            b.Rule.NoAlert = true;
            return;
        }
        if (parts.Length < 2 || parts.Length > 2 && parts[2] is not ("src" or "dst")) throw new RuleException(keyword, "has the form act,name[,src or dst]");
        var step = new VariableStep { Name = b.Parser.Names.Of("host:" + parts[1]), ExpireSeconds = 300, Scope = parts.Length > 2 && parts[2] == "dst" ? VariableScope.Destination : VariableScope.Source };
        AddHostStep(b, keyword, parts[0], step);
    }

    private static void AddHostStep(RuleBuilder b, string keyword, string act, VariableStep step)
    {
        step.Act = act switch
        {
            "set" => VariableAct.Set,
            "unset" => VariableAct.Unset,
            "toggle" => VariableAct.Toggle,
            "isset" => VariableAct.IsSet,
            "isnotset" => VariableAct.IsNotSet,
            _ => throw new RuleException(keyword, $"unknown option \"{act}\""),
        };
        if (step.Act is VariableAct.IsSet or VariableAct.IsNotSet) b.Rule.Before.Add(step);
        else b.Rule.After.Add(step);
    }

    public static void FlowInt(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',').Select(p => p.Trim()).ToArray();
        if (parts.Length < 2) throw new RuleException(keyword, "has the form name,operator[,value]");
        if (parts[0].Length < 2 || !char.IsAsciiLetter(parts[0][0]) || !parts[0].All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')) throw new RuleException(keyword, $"\"{parts[0]}\" is no name of a variable");
        var step = new VariableStep { Scope = VariableScope.FlowInt, Name = b.Parser.Names.Of("int:" + parts[0]) };
        switch (parts[1])
        {
            case "isset": step.Act = VariableAct.IsSetInt; break;
            case "notset" or "isnotset": step.Act = VariableAct.IsNotSetInt; break;
            case "=": step.Act = VariableAct.SetValue; break;
            case "+": step.Act = VariableAct.Add; break;
            case "-": step.Act = VariableAct.Subtract; break;
            default:
                step.Act = VariableAct.Compare;
                step.Compare = parts[1] switch
                {
                    "<" => Comparison.Less,
                    ">" => Comparison.Greater,
                    "==" => Comparison.Equal,
                    "!=" => Comparison.NotEqual,
                    "<=" => Comparison.LessOrEqual,
                    ">=" => Comparison.GreaterOrEqual,
                    _ => throw new RuleException(keyword, $"unknown operator \"{parts[1]}\""),
                };
                break;
        }
        if (step.Act is VariableAct.SetValue or VariableAct.Add or VariableAct.Subtract or VariableAct.Compare)
        {
            if (parts.Length < 3) throw new RuleException(keyword, "the value is missing");
            if (char.IsAsciiDigit(parts[2].FirstOrDefault())) step.Value = RuleParser.Unsigned(keyword, parts[2]);
            else step.ValueName = b.Parser.Names.Of("int:" + parts[2]);
        }
        if (step.Act is VariableAct.SetValue or VariableAct.Add or VariableAct.Subtract) b.Rule.After.Add(step);
        else b.Rule.Before.Add(step);
    }

    public static void Age(RuleBuilder b, string keyword, string? value)
    {
        var test = new PacketTest { Kind = PacketTestKind.FlowAge };
        Numbers.Compare(keyword, value, out test.Compare, out test.Value, out test.Value2);
        b.Rule.PacketTests.Add(test);
    }

    public static void Threshold(RuleBuilder b, string keyword, string? value)
    {
        // the reference notices a second one only where no sticky buffer is in force, and there are rules that live by that
        bool second = b.Rule.Threshold is { Kind: not ThresholdKind.Detection } && b.Rule.SecondThreshold == null && b.Buffer != AppLayer.BufferId.Payload;
        if (b.Rule.Threshold != null && !second) throw new RuleException(keyword, "stands twice, or with detection_filter");
        Threshold read = Parse(keyword, value, null);
        if (read.Track == ThresholdTrack.ByFlow) throw new RuleException(keyword, "tracks by_src, by_dst, by_both or by_rule");
        if (second) b.Rule.SecondThreshold = read;
        else b.Rule.Threshold = read;
    }

    public static void DetectionFilter(RuleBuilder b, string keyword, string? value)
    {
        if (b.Rule.Threshold != null) throw new RuleException(keyword, "stands twice, or with threshold");
        b.Rule.Threshold = Parse(keyword, value, ThresholdKind.Detection);
        if (b.Rule.Threshold.Track is not (ThresholdTrack.BySource or ThresholdTrack.ByDestination)) throw new RuleException(keyword, "tracks by_src or by_dst");
    }

    internal static Threshold Parse(string keyword, string? value, ThresholdKind? given)
    {
        ThresholdKind? kind = given;
        ThresholdTrack? track = null;
        int count = -1, seconds = -1;
        foreach (string item in (value ?? "").Split(','))
        {
            string[] words = item.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2) throw new RuleException(keyword, $"unknown option \"{item.Trim()}\"");
            switch (words[0])
            {
                case "type":
                    kind = words[1] switch { "limit" => ThresholdKind.Limit, "threshold" => ThresholdKind.Threshold, "both" => ThresholdKind.Both, _ => throw new RuleException(keyword, $"unknown type \"{words[1]}\"") };
                    break;
                case "track":
                    track = Track(keyword, words[1]);
                    break;
                case "count": count = int.Parse(words[1], NumberStyles.None, CultureInfo.InvariantCulture); break;
                case "seconds": seconds = int.Parse(words[1], NumberStyles.None, CultureInfo.InvariantCulture); break;
                default: throw new RuleException(keyword, $"unknown option \"{words[0]}\"");
            }
        }
        if (kind == null || track == null || count < 0 || seconds < 0 || kind == ThresholdKind.Detection && (count == 0 || seconds == 0)) throw new RuleException(keyword, "needs type, track, count and seconds");
        return new Threshold(kind.Value, track.Value, count, seconds);
    }

    internal static ThresholdTrack Track(string keyword, string word) => word switch
    {
        "by_src" => ThresholdTrack.BySource,
        "by_dst" => ThresholdTrack.ByDestination,
        "by_rule" => ThresholdTrack.ByRule,
        "by_both" => ThresholdTrack.ByBoth,
        "by_flow" => ThresholdTrack.ByFlow,
        "by_either" => ThresholdTrack.ByEither,
        _ => throw new RuleException(keyword, $"unknown track \"{word}\""),
    };
}
