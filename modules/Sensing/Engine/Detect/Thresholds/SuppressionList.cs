using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Detect.Thresholds;

/// <summary>threshold.config: suppressions and limits that the site puts on rules it did not write.</summary>
internal sealed class SuppressionList
{
    private sealed record Entry(uint Gid, uint Sid, Threshold What);

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<(uint Gid, uint Sid), List<int>> _bySid = [];
    private readonly List<int> _general = [];

    public bool IsEmpty => _entries.Count == 0;

    public void Load(string path, RuleVariables variables, List<RuleFault> faults)
    {
        int number = 0;
        string held = "";
        foreach (string raw in File.ReadLines(path))
        {
            number++;
            string line = held + raw.Trim();
            held = "";
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[^1] == '\\')
            {
                held = line[..^1];
                continue;
            }
            try
            {
                Add(line, variables);
            }
            catch (RuleException e)
            {
                faults.Add(new RuleFault(path, number, 0, e.Keyword, e.Message));
            }
        }
    }

    private void Add(string line, RuleVariables variables)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        string word = space < 0 ? line : line[..space];
        if (word is not ("suppress" or "threshold" or "event_filter" or "rate_filter")) throw new RuleException(word, "unknown line");
        uint gid = 1, sid = 0;
        int count = 0, seconds = 0, timeout = 0;
        ThresholdKind kind = word == "suppress" ? ThresholdKind.Suppress : word == "rate_filter" ? ThresholdKind.Rate : ThresholdKind.Limit;
        ThresholdTrack track = ThresholdTrack.ByRule;
        AddressSet? addresses = null;
        RuleAction action = RuleAction.Alert;
        foreach (string item in SplitTop(line[(space + 1)..]))
        {
            string text = item.Trim();
            int gap = text.IndexOf(' ', StringComparison.Ordinal);
            if (gap < 0) continue;
            string name = text[..gap], value = text[(gap + 1)..].Trim();
            switch (name)
            {
                case "gen_id": gid = RuleParser.Unsigned(name, value); break;
                case "sig_id": sid = RuleParser.Unsigned(name, value); break;
                case "type":
                    kind = value switch { "limit" => ThresholdKind.Limit, "threshold" => ThresholdKind.Threshold, "both" => ThresholdKind.Both, _ => throw new RuleException(name, $"unknown type \"{value}\"") };
                    break;
                case "track": track = FlowKeywords.Track(name, value); break;
                case "count": count = RuleParser.Integer(name, value); break;
                case "seconds": seconds = RuleParser.Integer(name, value); break;
                case "timeout": timeout = RuleParser.Integer(name, value); break;
                case "new_action":
                    action = value switch { "alert" => RuleAction.Alert, "drop" => RuleAction.Drop, "pass" => RuleAction.Pass, "reject" => RuleAction.Reject, _ => throw new RuleException(name, $"unknown action \"{value}\"") };
                    break;
                case "ip": addresses = variables.AddressesOf(value); break;
            }
        }
        if (kind == ThresholdKind.Rate && (count <= 0 || seconds <= 0 || timeout <= 0)) throw new RuleException(word, "needs track, count, seconds, new_action and timeout");
        if (kind is ThresholdKind.Limit or ThresholdKind.Threshold or ThresholdKind.Both && (count <= 0 || seconds <= 0)) throw new RuleException(word, "needs type, track, count and seconds");
        if (sid == 0) _general.Add(_entries.Count);
        else if (_bySid.TryGetValue((gid, sid), out List<int>? known)) known.Add(_entries.Count);
        else _bySid[(gid, sid)] = [_entries.Count];
        _entries.Add(new Entry(gid, sid, new Threshold(kind, track, count, seconds) { Addresses = addresses, Timeout = timeout, NewAction = action }));
    }

    private static List<string> SplitTop(string text)
    {
        var items = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '[') depth++;
            else if (i < text.Length && text[i] == ']') depth--;
            else if (i == text.Length || text[i] == ',' && depth == 0)
            {
                items.Add(text[start..i]);
                start = i + 1;
            }
        }
        return items;
    }

    private IReadOnlyList<int> For(Rule rule) => _bySid.TryGetValue((rule.Gid, rule.Sid), out List<int>? own) ? own : [];

    /// <summary>Does an entry for this very rule take the place of the rule's own threshold?</summary>
    public bool Overrides(Rule rule)
    {
        foreach (int i in For(rule))
            if (_entries[i].What.Kind is ThresholdKind.Limit or ThresholdKind.Threshold or ThresholdKind.Both) return true;
        return false;
    }

    /// <summary>What the list says about a match; a rate filter may put another action in the place of the rule's.</summary>
    public ThresholdVerdict Judge(ref Alert alert, Packet p, ThresholdTable table)
    {
        var verdict = ThresholdVerdict.Alert;
        foreach (int i in For(alert.Rule)) verdict = Worse(verdict, One(i, ref alert, p, table));
        foreach (int i in _general)
            if (_entries[i].Gid == 0 || _entries[i].Gid == alert.Rule.Gid) verdict = Worse(verdict, One(i, ref alert, p, table));
        return verdict;
    }

    private static ThresholdVerdict Worse(ThresholdVerdict a, ThresholdVerdict b) => a < b ? a : b;

    private ThresholdVerdict One(int number, ref Alert alert, Packet p, ThresholdTable table)
    {
        Entry entry = _entries[number];
        Threshold what = entry.What;
        if (what.Kind == ThresholdKind.Suppress)
        {
            if (what.Addresses == null) return ThresholdVerdict.ActionOnly;
            bool source = what.Addresses.Contains(p.Source_), destination = what.Addresses.Contains(p.Destination);
            return (what.Track switch { ThresholdTrack.BySource => source, ThresholdTrack.ByDestination => destination, _ => source || destination }) ? ThresholdVerdict.ActionOnly : ThresholdVerdict.Alert;
        }
        // what a rule says of itself stands before a general entry, and before any rate filter
        if (alert.Rule.Threshold != null && (entry.Sid == 0 || what.Kind == ThresholdKind.Rate)) return ThresholdVerdict.Alert;
        ThresholdVerdict verdict = table.Judge(alert.Rule, what, p, number + 1, out bool exceeded);
        if (exceeded)
        {
            alert.Filtered = true;
            alert.Action = what.NewAction switch
            {
                RuleAction.Pass => PacketAction.Pass,
                RuleAction.Drop => PacketAction.Drop,
                RuleAction.Reject => PacketAction.Reject | PacketAction.Drop,
                _ => PacketAction.Alert,
            };
        }
        return verdict;
    }
}
