using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>One thread of one interface: its own ring, its own worker. New rules are taken between two packets.</summary>
internal sealed class CaptureThread : IDisposable
{
    private readonly ILiveSource _source;
    private readonly Worker _worker;
    private readonly Thread _thread;
    private RuleSet? _next;
    private RuleSet? _current;
    private volatile bool _stop;

    public CaptureThread(string name, ILiveSource source, EngineSettings settings, RuleSet? rules, IEveSink sink, HostMemory? memory = null)
    {
        Interface = name;
        _source = source;
        _current = rules;
        _worker = new Worker(settings with { Eve = settings.Eve with { Interface = name } }, rules, sink, memory);
        _thread = new Thread(Run) { Name = $"capture {name}", IsBackground = true };
        _thread.Start();
    }

    public string Interface { get; }
    public string Method => _source.Method;
    public long KernelPackets => _source.KernelPackets;
    public long KernelDrops => _source.KernelDrops;
    public WorkerCounters Counters => _worker.Counters;
    public string? Fault { get; private set; }
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Hands over a rule set and waits up to <see cref="Patience"/> until the thread works with it. False when it still works with an older one, which must then
    /// not be freed; it takes the new one as soon as it can. A thread that has ended uses none.
    /// </summary>
    public bool Use(RuleSet rules)
    {
        Volatile.Write(ref _next, rules);
        SpinWait.SpinUntil(() => Uses(rules), Patience);
        return Uses(rules);
    }

    private bool Uses(RuleSet rules) => Volatile.Read(ref _current) == rules || !_thread.IsAlive;

    /// <summary>May the set be freed, as far as this thread goes?</summary>
    public bool IsDoneWith(RuleSet rules) => !_thread.IsAlive || Volatile.Read(ref _current) != rules && Volatile.Read(ref _next) != rules;

    private void Run()
    {
        RawPacket raw = default;
        try
        {
            while (!_stop)
            {
                if (Volatile.Read(ref _next) is { } rules)
                {
                    _worker.Use(rules);
                    Volatile.Write(ref _current, rules);
                    // a still newer set may have come meanwhile
                    Interlocked.CompareExchange(ref _next, null, rules);
                }
                if (_source.Poll(ref raw, 100)) _worker.Process(raw);
                else _worker.Idle(Clock.Now);
            }
            _worker.Finish();
        }
        catch (Exception e) when (e is CaptureException or IOException or InvalidOperationException)
        {
            Fault = e.Message;
        }
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join(3000);
        _source.Dispose();
        _worker.Dispose();
    }
}

/// <summary>All capture threads of a sensor, and why interfaces that should be captured are not.</summary>
internal sealed class CaptureSet(IEveSink sink) : IDisposable
{
    private readonly List<CaptureThread> _threads = [];
    private readonly Dictionary<string, string> _reasons = [];
    private readonly HashSet<string> _wanted = [];
    private readonly HostMemory _memory = new();

    public IReadOnlyList<CaptureThread> Threads => _threads;
    public IReadOnlyDictionary<string, string> Reasons => _reasons;

    /// <summary>Starts what is wanted and not running, stops what is no longer wanted. The callback hears of each start and each new reason for a failure.</summary>
    public void Arrange(IReadOnlyCollection<CaptureInterface> wanted, EngineSettings settings, RuleSet? rules, Action<string, string?, string?> told)
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
            if (_threads.Exists(t => t.Interface == one.Name)) continue;
            try
            {
                if (!Capabilities.HasNetRaw) throw new CaptureException("CAP_NET_RAW missing");
                int group = Environment.ProcessId + one.Name.GetHashCode(StringComparison.Ordinal);
                for (int i = 0; i < one.Threads; i++)
                    _threads.Add(new CaptureThread(one.Name, LiveSources.Open(one.Name, group, one.Threads > 1, one.Promiscuous), settings, rules, sink, _memory));
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
    public IReadOnlyList<string> Use(RuleSet rules) => _threads.Where(t => !t.Use(rules)).Select(t => t.Interface).ToList();

    /// <summary>Does no thread work with the set any more?</summary>
    public bool AreDoneWith(RuleSet rules) => _threads.TrueForAll(t => t.IsDoneWith(rules));

    public void Dispose()
    {
        foreach (CaptureThread thread in _threads) thread.Dispose();
        _threads.Clear();
    }
}
