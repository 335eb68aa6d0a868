using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Thresholds;

/// <summary>Counts matches per rule and address, and says which of them become alerts.</summary>
internal sealed class ThresholdTable
{
    private const int MaxEntries = 1 << 20;

    private readonly record struct Key(int Rule, int Salt, IpAddress A, IpAddress B, long Flow);

    private struct Entry
    {
        public long Since;
        public int Count;
        public long Seconds;
    }

    private readonly Dictionary<Key, Entry> _entries = [];
    private long _lastSweep;

    public bool Allows(Rule rule, Threshold t, Packet p, int salt = 0)
    {
        Key key = t.Track switch
        {
            ThresholdTrack.BySource => new(rule.Index, salt, p.Source_, default, 0),
            ThresholdTrack.ByDestination => new(rule.Index, salt, p.Destination, default, 1),
            ThresholdTrack.ByBoth => new(rule.Index, salt, p.Source_.CompareTo(p.Destination) < 0 ? p.Source_ : p.Destination, p.Source_.CompareTo(p.Destination) < 0 ? p.Destination : p.Source_, 2),
            ThresholdTrack.ByFlow => new(rule.Index, salt, default, default, p.Flow?.Id ?? -1),
            _ => new(rule.Index, salt, default, default, 3),
        };
        if (_entries.Count > MaxEntries || p.Time - _lastSweep > 60_000_000) Sweep(p.Time);
        bool known = _entries.TryGetValue(key, out Entry entry);
        bool within = known && p.Time - entry.Since < t.Seconds * 1_000_000L;
        entry.Seconds = t.Seconds;
        bool allow;
        if (!within)
        {
            entry.Since = p.Time;
            entry.Count = 1;
            allow = t.Kind switch { ThresholdKind.Limit => true, ThresholdKind.Detection => false, _ => t.Count == 1 };
            if (t.Kind == ThresholdKind.Threshold && allow) entry.Count = 0;
        }
        else
        {
            entry.Count++;
            switch (t.Kind)
            {
                case ThresholdKind.Limit: allow = entry.Count <= t.Count; break;
                case ThresholdKind.Threshold:
                    allow = entry.Count >= t.Count;
                    if (allow) entry.Count = 0;
                    break;
                case ThresholdKind.Both: allow = entry.Count == t.Count; break;
                default: allow = entry.Count > t.Count; break;
            }
        }
        _entries[key] = entry;
        return allow;
    }

    private void Sweep(long now)
    {
        _lastSweep = now;
        foreach (var (key, entry) in _entries)
            if (Math.Abs(now - entry.Since) > entry.Seconds * 1_000_000L) _entries.Remove(key);
        if (_entries.Count > MaxEntries) _entries.Clear();
    }
}

/// <summary>Bits that rules keep on hosts and pairs of hosts (xbits, hostbits), with an end.</summary>
internal sealed class HostBits
{
    private const int MaxEntries = 1 << 18;
    private readonly Dictionary<(int Name, IpAddress A, IpAddress B, byte Scope), long> _until = [];

    private static (int, IpAddress, IpAddress, byte) Key(VariableStep step, Packet p) => step.Scope switch
    {
        VariableScope.Source => (step.Name, p.Source_, default, (byte)0),
        VariableScope.Destination => (step.Name, p.Destination, default, (byte)0),
        _ => p.Source_.CompareTo(p.Destination) < 0 ? (step.Name, p.Source_, p.Destination, (byte)1) : (step.Name, p.Destination, p.Source_, (byte)1),
    };

    public bool IsSet(VariableStep step, Packet p) => _until.TryGetValue(Key(step, p), out long until) && until >= p.Time;

    public void Set(VariableStep step, Packet p)
    {
        if (_until.Count > MaxEntries) _until.Clear();
        _until[Key(step, p)] = p.Time + step.ExpireSeconds * 1_000_000L;
    }

    public void Unset(VariableStep step, Packet p) => _until.Remove(Key(step, p));
}
