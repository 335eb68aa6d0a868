using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Thresholds;

/// <summary>What a threshold says about one match.</summary>
internal enum ThresholdVerdict : byte { Nothing, ActionOnly, Alert }

/// <summary>Counts matches per rule and address, and says which of them become alerts. Safe from several workers.</summary>
internal sealed class ThresholdTable
{
    private const int MaxEntries = 1 << 20;
    private const long BetweenSweeps = 60_000_000;

    private readonly record struct Key(int Rule, int Salt, IpAddress A, IpAddress B, long Flow);

    private struct Entry
    {
        public long Since;
        public int Count;
        public long Seconds;
        public long Until;           // of a rate filter: the new action holds until then
    }

    private readonly Dictionary<Key, Entry> _entries = [];
    private readonly Lock _gate = new();
    private long _lastSweep;

    /// <summary>For detection_filter: has the rule matched often enough to count as a match?</summary>
    public bool Allows(Rule rule, Threshold t, Packet p) => Judge(rule, t, p, 0, out _) == ThresholdVerdict.Alert;

    /// <summary>Counts a match. What is beyond a limit still has its action; what has not reached a threshold does not count at all.
    /// <paramref name="exceeded"/>: a rate filter's rate is, or within its timeout has been, exceeded.</summary>
    public ThresholdVerdict Judge(Rule rule, Threshold t, Packet p, int salt, out bool exceeded)
    {
        lock (_gate) return JudgeInside(rule, t, p, salt, out exceeded);
    }

    /// <summary>Will the next match counted sweep away what is over? That touches every rule and host, and has its place in the order of the capture.</summary>
    public bool SweepIsDue(Packet p)
    {
        lock (_gate) return p.Time - _lastSweep > BetweenSweeps;
    }

    /// <summary>Has the limit been reached, so that nothing between the last match counted and this packet can make it an alert? Asked before waiting for the packets of other workers: most of what
    /// common rules match is beyond their limit. For a clock that never goes back by more than a second: none of the packets still to be counted is later than that, and begins a new window.</summary>
    public bool IsSpent(Rule rule, Threshold t, Packet p)
    {
        if (t.Kind is not (ThresholdKind.Limit or ThresholdKind.Both)) return false;
        lock (_gate)
            return p.Time - _lastSweep <= BetweenSweeps && _entries.TryGetValue(KeyOf(rule, t, p, 0), out Entry entry) && entry.Count >= t.Count && p.Time + 1_000_000 - entry.Since < t.Seconds * 1_000_000L;
    }

    private ThresholdVerdict JudgeInside(Rule rule, Threshold t, Packet p, int salt, out bool exceeded)
    {
        exceeded = false;
        if (_entries.Count > MaxEntries || p.Time - _lastSweep > BetweenSweeps) Sweep(p.Time);
        Key key = KeyOf(rule, t, p, salt);
        bool known = _entries.TryGetValue(key, out Entry entry);
        if (t.Kind == ThresholdKind.Rate)
        {
            exceeded = Rate(ref entry, known, t, p.Time);
            _entries[key] = entry;
            return ThresholdVerdict.Alert;
        }
        bool within = known && p.Time - entry.Since < t.Seconds * 1_000_000L;
        entry.Seconds = t.Seconds;
        if (!within)
        {
            entry.Since = p.Time;
            entry.Count = 0;
        }
        entry.Count++;
        ThresholdVerdict verdict;
        switch (t.Kind)
        {
            case ThresholdKind.Limit:
                verdict = entry.Count <= t.Count ? ThresholdVerdict.Alert : ThresholdVerdict.ActionOnly;
                break;
            case ThresholdKind.Threshold:
                verdict = entry.Count >= t.Count ? ThresholdVerdict.Alert : ThresholdVerdict.Nothing;
                if (verdict == ThresholdVerdict.Alert) entry.Count = 0;
                break;
            case ThresholdKind.Both:
                verdict = entry.Count == t.Count ? ThresholdVerdict.Alert : entry.Count > t.Count ? ThresholdVerdict.ActionOnly : ThresholdVerdict.Nothing;
                break;
            default:
                verdict = entry.Count > t.Count ? ThresholdVerdict.Alert : ThresholdVerdict.Nothing;
                break;
        }
        _entries[key] = entry;
        return verdict;
    }

    private static bool Rate(ref Entry entry, bool known, Threshold t, long now)
    {
        entry.Seconds = Math.Max(t.Seconds, t.Timeout);
        if (!known)
        {
            entry.Since = now;
            entry.Count = 1;
            entry.Until = 0;
            return false;
        }
        if (entry.Until != 0)
        {
            if (now <= entry.Until) return true;
            entry.Until = 0;
            return false;
        }
        if (now - entry.Since >= t.Seconds * 1_000_000L)
        {
            entry.Since = now;
            entry.Count = 1;
            return false;
        }
        if (++entry.Count <= t.Count) return false;
        entry.Until = now + t.Timeout * 1_000_000L;
        return true;
    }

    private static Key KeyOf(Rule rule, Threshold t, Packet p, int salt) => t.Track switch
    {
        ThresholdTrack.BySource => new(rule.Index, salt, p.Source_, default, 0),
        ThresholdTrack.ByDestination => new(rule.Index, salt, p.Destination, default, 1),
        ThresholdTrack.ByBoth => p.Source_.CompareTo(p.Destination) < 0 ? new(rule.Index, salt, p.Source_, p.Destination, 2) : new(rule.Index, salt, p.Destination, p.Source_, 2),
        ThresholdTrack.ByFlow => new(rule.Index, salt, default, default, p.Flow?.Id ?? -1),
        _ => new(rule.Index, salt, default, default, 3),
    };

    private void Sweep(long now)
    {
        _lastSweep = now;
        foreach (var (key, entry) in _entries)
            if (Math.Abs(now - entry.Since) > entry.Seconds * 1_000_000L) _entries.Remove(key);
        if (_entries.Count > MaxEntries) _entries.Clear();
    }
}

/// <summary>Bits that rules keep on hosts and pairs of hosts (xbits, hostbits), with an end. Safe from several workers.</summary>
internal sealed class HostBits
{
    private const int MaxEntries = 1 << 18;
    private readonly Dictionary<(int Name, IpAddress A, IpAddress B, byte Scope), long> _until = [];
    private readonly Lock _gate = new();

    private static (int, IpAddress, IpAddress, byte) Key(VariableStep step, Packet p) => step.Scope switch
    {
        VariableScope.Source => (step.Name, p.Source_, default, (byte)0),
        VariableScope.Destination => (step.Name, p.Destination, default, (byte)0),
        _ => p.Source_.CompareTo(p.Destination) < 0 ? (step.Name, p.Source_, p.Destination, (byte)1) : (step.Name, p.Destination, p.Source_, (byte)1),
    };

    public bool IsSet(VariableStep step, Packet p)
    {
        lock (_gate) return _until.TryGetValue(Key(step, p), out long until) && until >= p.Time;
    }

    public void Set(VariableStep step, Packet p)
    {
        lock (_gate)
        {
            if (_until.Count > MaxEntries) _until.Clear();
            _until[Key(step, p)] = p.Time + step.ExpireSeconds * 1_000_000L;
        }
    }

    public void Unset(VariableStep step, Packet p)
    {
        lock (_gate) _until.Remove(Key(step, p));
    }
}
