using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>
/// Capture from interfaces until stopped, as Suricata's -i. SIGUSR2 reads the configuration and the rules anew: the new set is built beside the old, taken between two packets, and not taken at all
/// when the configuration cannot be read. SIGHUP opens the log anew, for whoever has renamed it.
/// </summary>
internal sealed class LiveRun(SensorArguments args, FileSink sink, TextWriter stdout, TextWriter stderr)
{
    private const PosixSignal UserSignalTwo = (PosixSignal)12; // on Linux
    private const int LookAfterSeconds = 5;
    private readonly CaptureSet _captures = new(sink) { Filter = CaptureFilter.TextOf(args) };
    private readonly List<RuleSet> _retired = [];
    private readonly EveWriter _writer = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private EngineSettings _settings = new();
    private RuleSet? _rules;
    private int _reload, _reopen;

    /// <summary>Returns the exit code: 1 when no interface could be captured. Takes the rules over and frees them.</summary>
    public int Run(IReadOnlyCollection<CaptureInterface> wanted, EngineSettings settings, RuleSet? rules, CancellationToken ct)
    {
        (_settings, _rules) = (settings, rules);
        using var user = PosixSignalRegistration.Create(UserSignalTwo, c => Ask(c, ref _reload));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => Ask(c, ref _reopen));
        using (_captures)
        {
            Arrange(wanted);
            if (_captures.Threads.Count == 0) return 1;
            stdout.Flush();
            for (int second = 1; !ct.WaitHandle.WaitOne(1000); second++)
            {
                sink.Flush();
                if (Interlocked.Exchange(ref _reopen, 0) != 0) sink.Reopen();
                if (Interlocked.Exchange(ref _reload, 0) != 0) Reload();
                FreeRetired();
                if (second % LookAfterSeconds == 0) Arrange(wanted);
                if (second % _settings.StatsIntervalSeconds == 0) Stats();
            }
            foreach (CaptureThread thread in _captures.Threads) thread.Dispose();
            Stats();
        }
        sink.Flush();
        _rules?.Datasets.Save();
        foreach (RuleSet set in _retired) set.Dispose();
        _rules?.Dispose();
        return 0;
    }

    private static void Ask(PosixSignalContext signal, ref int flag)
    {
        signal.Cancel = true;
        Interlocked.Exchange(ref flag, 1);
    }

    private void Arrange(IReadOnlyCollection<CaptureInterface> wanted)
    {
        foreach (CaptureThread thread in _captures.Threads)
            if (thread.Fault is { } fault) stderr.WriteLine($"{thread.Interface}: {fault}");
        _captures.Arrange(wanted, _settings, _rules, (name, method, reason) => (reason == null ? stdout : stderr).WriteLine(reason == null ? $"{name}: capturing by {method}" : $"{name}: not captured: {reason}"));
    }

    private void Reload()
    {
        long before = Environment.WorkingSet, started = Stopwatch.GetTimestamp();
        var run = new StandAlone(args, stdout, stderr);
        if (!run.TryConfigure() || run.LoadRules(out bool failed) is not { } fresh)
        {
            stderr.WriteLine("reload: not done; the rules in force stay");
            return;
        }
        if (failed)
        {
            fresh.Dispose();
            stderr.WriteLine("reload: rules failed and --init-errors-fatal is given; the rules in force stay");
            return;
        }
        double loaded = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long both = Environment.WorkingSet;
        _settings = run.Config!.Settings;
        IReadOnlyList<string> late = _captures.Use(new CaptureOrders(fresh, _settings));
        if (_rules != null) _retired.Add(_rules);
        _rules = fresh;
        FreeRetired();
        stdout.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"reload: {fresh.Loaded} rules in force after {loaded:F2} s; memory {before >> 20} MiB before, {both >> 20} MiB with both, {Environment.WorkingSet >> 20} MiB now{(late.Count > 0 ? "; still with the old rules: " + string.Join(' ', late) : "")}"));
        stdout.Flush();
    }

    private void FreeRetired()
    {
        int had = _retired.Count;
        for (int i = _retired.Count - 1; i >= 0; i--)
        {
            if (!_captures.AreDoneWith(_retired[i])) continue;
            _retired[i].Dispose();
            _retired.RemoveAt(i);
        }
        if (_retired.Count < had) ProcessMemory.Trim();
    }

    private void Stats()
    {
        if (!_settings.Eve.Stats || !_settings.Eve.Enabled) return;
        StatsRecord.Write(_writer, _captures.Threads.Select(t => t.Counters).ToList(), _rules, (long)Stopwatch.GetElapsedTime(_started).TotalSeconds, Clock.Now, w => WriteCapture(w, _captures), _settings);
        sink.Write(EveStream.Alerts, _writer.End());
    }

    public static void WriteCapture(EveWriter w, CaptureSet captures)
    {
        w.Open("capture"u8);
        w.Number("kernel_packets"u8, captures.Threads.Sum(t => t.KernelPackets));
        w.Number("kernel_drops"u8, captures.Threads.Sum(t => t.KernelDrops));
        w.Close();
    }
}
