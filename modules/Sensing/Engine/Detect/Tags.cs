using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>What alerts have tagged: the packets of a flow or of a host that follow are recorded, up to a count, a time or a number of bytes.</summary>
internal sealed class Tags
{
    private const int MaxHosts = 1 << 16;
    private const long QuietMicros = 60_000_000;

    private struct Entry
    {
        public TagMetric Metric;
        public uint Limit;
        public long Since, Last, Packets, Bytes, FromPacket;
    }

    private readonly Dictionary<long, Entry> _flows = [];
    private readonly Dictionary<IpAddress, Entry> _hosts = [];

    public void Set(TagWish wish, Packet p, Flow.Flow? flow)
    {
        var entry = new Entry { Metric = wish.Metric, Limit = wish.Count, Since = p.Time, Last = p.Time, FromPacket = p.Number };
        if (wish.Host)
        {
            if (_hosts.Count >= MaxHosts) Sweep(_hosts, p.Time);
            if (_hosts.Count < MaxHosts) _hosts.TryAdd(wish.Source ? p.Source_ : p.Destination, entry);
        }
        else if (flow != null)
        {
            if (_flows.Count >= MaxHosts) Sweep(_flows, p.Time);
            if (_flows.Count < MaxHosts) _flows.TryAdd(flow.Id, entry);
        }
    }

    /// <summary>Is the packet one of those to be recorded? It is counted if so.</summary>
    public bool Wants(Packet p, Flow.Flow? flow)
    {
        if (_flows.Count == 0 && _hosts.Count == 0) return false;
        bool wants = flow != null && Take(_flows, flow.Id, p);
        if (_hosts.Count > 0) wants = Take(_hosts, p.Source_, p) | Take(_hosts, p.Destination, p) | wants;
        return wants;
    }

    private static bool Take<TKey>(Dictionary<TKey, Entry> table, TKey key, Packet p) where TKey : notnull
    {
        if (!table.TryGetValue(key, out Entry entry) || entry.FromPacket == p.Number) return false;
        entry.Packets++;
        entry.Bytes += p.Length;
        entry.Last = p.Time;
        bool over = entry.Metric switch { TagMetric.Packets => entry.Packets > entry.Limit, TagMetric.Bytes => entry.Bytes > entry.Limit, _ => p.Time - entry.Since > entry.Limit * 1_000_000L };
        if (over) table.Remove(key);
        else table[key] = entry;
        return !over;
    }

    private static void Sweep<TKey>(Dictionary<TKey, Entry> table, long now) where TKey : notnull
    {
        foreach (var (key, entry) in table)
            if (now - entry.Last > QuietMicros) table.Remove(key);
    }
}
