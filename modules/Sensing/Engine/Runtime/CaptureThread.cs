using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Capture.Ring;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>What a capture thread works with: replaced whole, between two packets.</summary>
/// <param name="Rules">None: nothing is looked for.</param>
/// <param name="Settings">None: those it has.</param>
/// <param name="RingBudget">Bytes for its last packets; 0: none are kept. Null: as it is.</param>
internal sealed record CaptureOrders(RuleSet? Rules, EngineSettings? Settings = null, long? RingBudget = null);

/// <summary>Where the last packets of a thread are kept.</summary>
internal sealed record RingPlace(string Folder, string Prefix, long Budget);

/// <summary>One thread of one interface: its own ring, its own worker. New rules are taken between two packets.</summary>
internal sealed class CaptureThread : IDisposable
{
    private readonly ILiveSource _source;
    private readonly Worker _worker;
    private readonly Thread _thread;
    private readonly RingPlace? _place;
    private PacketRing? _ring;
    private CaptureOrders? _next;
    private RuleSet? _current;
    private volatile bool _stop;

    public CaptureThread(string name, ILiveSource source, EngineSettings settings, RuleSet? rules, IEveSink sink, HostMemory? memory = null, RingPlace? ring = null)
    {
        Interface = name;
        _source = source;
        _current = rules;
        _place = ring;
        _worker = new Worker(settings with { Eve = settings.Eve with { Interface = name } }, rules, sink, memory);
        Keep(ring?.Budget ?? 0);
        _thread = new Thread(Run) { Name = $"capture {name}", IsBackground = true };
        _thread.Start();
    }

    public string Interface { get; }

    /// <summary>Which of the interface's threads it is.</summary>
    public int Number { get; init; }

    public string Method => _source.Method;
    public long KernelPackets => _source.KernelPackets;
    public long KernelDrops => _source.KernelDrops;
    public WorkerCounters Counters => _worker.Counters;
    public RuleCosts? Costs => _worker.Costs;
    public string? Fault { get; private set; }
    public string? FirstFault => _worker.FirstFault;
    public long RingLost => _ring?.Lost ?? 0;
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Hands over a rule set and waits up to <see cref="Patience"/> until the thread works with it. False when it still works with an older one, which must then
    /// not be freed; it takes the new one as soon as it can. A thread that has ended uses none.
    /// </summary>
    public bool Use(RuleSet rules) => Use(new CaptureOrders(rules));

    public bool Use(CaptureOrders orders)
    {
        Volatile.Write(ref _next, orders);
        SpinWait.SpinUntil(() => Uses(orders.Rules), Patience);
        return Uses(orders.Rules);
    }

    private bool Uses(RuleSet? rules) => Volatile.Read(ref _current) == rules || !_thread.IsAlive;

    /// <summary>May the set be freed, as far as this thread goes?</summary>
    public bool IsDoneWith(RuleSet rules) => !_thread.IsAlive || Volatile.Read(ref _current) != rules && Volatile.Read(ref _next)?.Rules != rules;

    private void Run()
    {
        RawPacket raw = default;
        try
        {
            while (!_stop)
            {
                if (Volatile.Read(ref _next) is { } orders) Take(orders);
                if (_source.Poll(ref raw, 100))
                {
                    _worker.Process(raw);
                    _ring?.Add(raw, _worker.Flows);
                }
                else
                {
                    _worker.Idle(Clock.Now);
                    _ring?.Flush();
                }
            }
        }
        catch (Exception e) when (e is CaptureException or IOException or InvalidOperationException)
        {
            Fault = e.Message;
        }
        // what was under way is written down also when the interface has gone
        _worker.Finish();
        _ring?.Dispose();
    }

    private void Take(CaptureOrders orders)
    {
        EngineSettings? settings = orders.Settings == null ? null : orders.Settings with { Eve = orders.Settings.Eve with { Interface = Interface } };
        if (orders.Rules != null) _worker.Use(orders.Rules, settings);
        if (orders.RingBudget is { } budget) Keep(budget);
        Volatile.Write(ref _current, orders.Rules);
        // still newer ones may have come meanwhile
        Interlocked.CompareExchange(ref _next, null, orders);
    }

    private void Keep(long budget)
    {
        if (_place == null || budget == _budget) return;
        _budget = budget;
        _ring?.Dispose();
        _ring = budget > 0 ? new PacketRing(_place.Folder, _place.Prefix, budget) : null;
        _worker.TellsFlows = _ring != null;
    }

    private long _budget;

    public void Dispose()
    {
        _stop = true;
        // a thread that cannot be stopped keeps its ring: taking the memory from under it would end the process
        if (!_thread.Join(3000)) return;
        _source.Dispose();
        _worker.Dispose();
    }
}

/// <summary>All capture threads of a sensor, and why interfaces that should be captured are not.</summary>
internal sealed class CaptureSet(IEveSink sink, string? ringFolder = null) : IDisposable
{
    private readonly List<CaptureThread> _threads = [];
    private readonly Dictionary<string, string> _reasons = [];
    private readonly HashSet<string> _wanted = [];
    private readonly HostMemory _memory = new();

    public IReadOnlyList<CaptureThread> Threads => _threads;
    public IReadOnlyDictionary<string, string> Reasons => _reasons;

    /// <summary>What is taken of the interfaces, in the words of pcap-filter(7); null: everything.</summary>
    public string? Filter { get; init; }

    private ILiveSource Filtered(ILiveSource source)
    {
        if (Filter == null) return source;
        try
        {
            return new FilteredSource(source, new PacketFilter(Filter));
        }
        catch (CaptureException)
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Starts what is wanted and not running, stops what is no longer wanted. The callback hears of each start and each new reason for a failure.</summary>
    public void Arrange(IReadOnlyCollection<CaptureInterface> wanted, EngineSettings settings, RuleSet? rules, Action<string, string?, string?> told, long ringBudget = 0)
    {
        _wanted.Clear();
        foreach (CaptureInterface one in wanted) _wanted.Add(one.Name);
        foreach (CaptureThread gone in _threads.Where(t => !_wanted.Contains(t.Interface) || t.Fault != null).ToArray())
        {
            gone.Dispose();
            _threads.Remove(gone);
        }
        foreach (CaptureInterface one in wanted)
        {
            int running = _threads.Count(t => t.Interface == one.Name);
            if (running >= one.Threads) continue;
            try
            {
                if (!Capabilities.HasNetRaw) throw new CaptureException("CAP_NET_RAW missing");
                int group = Environment.ProcessId + one.Name.GetHashCode(StringComparison.Ordinal);
                for (int i = 0; i < one.Threads; i++)
                {
                    if (_threads.Exists(t => t.Interface == one.Name && t.Number == i)) continue;
                    RingPlace? ring = ringFolder == null ? null : new RingPlace(ringFolder, $"{one.Name}-{i.ToString(System.Globalization.CultureInfo.InvariantCulture)}", ringBudget / Math.Max(1, wanted.Sum(w => w.Threads)));
                    _threads.Add(new CaptureThread(one.Name, Filtered(LiveSources.Open(one.Name, group, one.Threads > 1, one.Promiscuous)), settings, rules, sink, _memory, ring) { Number = i });
                }
                _reasons.Remove(one.Name);
                told(one.Name, _threads[^1].Method, null);
            }
            catch (CaptureException e)
            {
                if (_reasons.TryGetValue(one.Name, out string? known) && known == e.Message) continue;
                _reasons[one.Name] = e.Message;
                told(one.Name, null, e.Message);
            }
        }
    }

    /// <summary>Hands the rules to all threads; names the interfaces whose threads have not taken them in time.</summary>
    public IReadOnlyList<string> Use(CaptureOrders orders)
    {
        CaptureOrders each = orders.RingBudget is { } budget ? orders with { RingBudget = budget / Math.Max(1, _threads.Count) } : orders;
        return _threads.Where(t => !t.Use(each)).Select(t => t.Interface).Distinct().ToList();
    }

    /// <summary>Does no thread work with the set any more?</summary>
    public bool AreDoneWith(RuleSet rules) => _threads.TrueForAll(t => t.IsDoneWith(rules));

    public void Dispose()
    {
        foreach (CaptureThread thread in _threads) thread.Dispose();
        _threads.Clear();
    }
}
