using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>How far one tag reaches, and how much of that is used up.</summary>
internal struct TagState
{
    public TagMetric Metric;
    public uint Limit;
    public long Since, Last, Packets, Bytes, FromPacket;
}

/// <summary>Keys that are tagged. Not safe from several threads.</summary>
internal sealed class TagTable<TKey> where TKey : notnull
{
    private const int Most = 1 << 16;
    private const long QuietMicros = 60_000_000;
    private readonly Dictionary<TKey, TagState> _entries = [];

    public int Count => _entries.Count;

    public void Add(TKey key, in TagState state)
    {
        if (_entries.Count >= Most) Sweep(state.Since);
        if (_entries.Count < Most) _entries.TryAdd(key, state);
    }

    /// <summary>Is the packet one of those to be recorded? It is counted if so.</summary>
    public bool Take(TKey key, Packet p)
    {
        if (!_entries.TryGetValue(key, out TagState state) || state.FromPacket == p.Number) return false;
        state.Packets++;
        state.Bytes += p.Length;
        state.Last = p.Time;
        bool over = state.Metric switch { TagMetric.Packets => state.Packets > state.Limit, TagMetric.Bytes => state.Bytes > state.Limit, _ => p.Time - state.Since > state.Limit * 1_000_000L };
        if (over) _entries.Remove(key);
        else _entries[key] = state;
        return !over;
    }

    private void Sweep(long now)
    {
        foreach (var (key, state) in _entries)
            if (now - state.Last > QuietMicros) _entries.Remove(key);
    }
}

/// <summary>Tagged hosts; safe from several workers, and free of cost while there are none.</summary>
internal sealed class TaggedHosts
{
    private readonly TagTable<IpAddress> _hosts = new();
    private readonly Lock _gate = new();
    private volatile int _count;

    public void Add(IpAddress host, in TagState state)
    {
        lock (_gate)
        {
            _hosts.Add(host, state);
            _count = _hosts.Count;
        }
    }

    public bool Take(Packet p)
    {
        if (_count == 0) return false;
        lock (_gate)
        {
            bool wants = _hosts.Take(p.Source_, p) | _hosts.Take(p.Destination, p);
            _count = _hosts.Count;
            return wants;
        }
    }
}

/// <summary>What alerts have tagged: the packets of a flow or of a host that follow are recorded, up to a count, a time or a number of bytes.</summary>
internal sealed class Tags(TaggedHosts hosts)
{
    private readonly TagTable<long> _flows = new();

    public void Set(TagWish wish, Packet p, Flow.Flow? flow)
    {
        var state = new TagState { Metric = wish.Metric, Limit = wish.Count, Since = p.Time, Last = p.Time, FromPacket = p.Number };
        if (wish.Host) hosts.Add(wish.Source ? p.Source_ : p.Destination, state);
        else if (flow != null) _flows.Add(flow.Id, state);
    }

    /// <summary>Is the packet one of those to be recorded? It is counted if so.</summary>
    public bool Wants(Packet p, Flow.Flow? flow)
    {
        bool wants = flow != null && _flows.Count > 0 && _flows.Take(flow.Id, p);
        return hosts.Take(p) | wants;
    }
}
