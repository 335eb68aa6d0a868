using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Rules.Keywords;

namespace Appliance.Sensing.Engine.Detect.Thresholds;

/// <summary>threshold.config: suppressions and limits that the site puts on rules it did not write.</summary>
internal sealed class SuppressionList
{
    private sealed record Entry(uint Gid, uint Sid, Threshold What);

    private readonly List<Entry> _entries = [];

    public bool IsEmpty => _entries.Count == 0;

    public void Load(string path, RuleVariables variables, List<RuleFault> faults)
    {
        int number = 0;
        foreach (string raw in File.ReadLines(path))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
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
                case "ip": addresses = variables.AddressesOf(value); break;
            }
        }
        _entries.Add(new Entry(gid, sid, new Threshold(kind, track, count, seconds) { Addresses = addresses, Timeout = timeout }));
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

    public bool Allows(Rule rule, Packet p, ThresholdTable table)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            if (entry.Sid != 0 && entry.Sid != rule.Sid || entry.Gid != 0 && entry.Gid != rule.Gid) continue;
            Threshold what = entry.What;
            if (what.Kind == ThresholdKind.Suppress)
            {
                if (what.Addresses == null) return false;
                bool source = what.Addresses.Contains(p.Source_), destination = what.Addresses.Contains(p.Destination);
                if (what.Track switch { ThresholdTrack.BySource => source, ThresholdTrack.ByDestination => destination, _ => source || destination }) return false;
            }
            else if (what.Kind != ThresholdKind.Rate)
            {
                // a rule's own threshold is not overridden by a global one
                if (entry.Sid == 0 && rule.Threshold != null) continue;
                if (!table.Allows(rule, what, p, i + 1)) return false;
            }
        }
        return true;
    }
}
