namespace Appliance.Bench;

/// <summary>How far our records and the peer's are the same: per type, how many each wrote, how many both, and which only one.</summary>
internal sealed class Agreement
{
    /// <summary>One type of record.</summary>
    internal sealed class Tally
    {
        public int Theirs, Ours, Missing, Extra, Files;

        public double Recall => Theirs == 0 ? 1 : 1 - (double)Missing / Theirs;

        public double Precision => Ours == 0 ? 1 : 1 - (double)Extra / Ours;
    }

    public SortedDictionary<string, Tally> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>Capture, type, - (only the peer) or + (only we), how often, key.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Adds one capture. A record is missing only when every run of the peer has it, and extra only when none has.</summary>
    public void Add(string capture, IReadOnlyList<string> peerLogs, string ourLog, Func<string, bool> types)
    {
        var peers = peerLogs.Select(EveKeys.Read).ToList();
        var ours = EveKeys.Read(ourLog);
        foreach (string type in peers.SelectMany(p => p.Keys).Concat(ours.Keys).Distinct().Where(types))
        {
            var runs = peers.Select(p => p.GetValueOrDefault(type) ?? []).ToList();
            var mine = ours.GetValueOrDefault(type) ?? [];
            if (!Types.TryGetValue(type, out Tally? tally))
                Types[type] = tally = new Tally();
            int before = tally.Missing + tally.Extra;
            foreach (string key in runs.SelectMany(r => r.Keys).Concat(mine.Keys).Distinct())
            {
                int least = runs.Min(r => r.GetValueOrDefault(key)), most = runs.Max(r => r.GetValueOrDefault(key)), own = mine.GetValueOrDefault(key);
                tally.Theirs += Math.Clamp(own, least, most);
                tally.Ours += own;
                if (own < least)
                {
                    tally.Missing += least - own;
                    Differences.Add($"{capture}\t{type}\t-\t{least - own}\t{key}");
                }
                else if (own > most)
                {
                    tally.Extra += own - most;
                    Differences.Add($"{capture}\t{type}\t+\t{own - most}\t{key}");
                }
            }

            if (tally.Missing + tally.Extra > before)
                tally.Files++;
        }
    }
}
