using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>The sensor as the host runs it: everything in and out through one folder. See the README for the format.</summary>
internal sealed partial class FolderSensor : IDisposable
{
    private readonly string _root;
    private readonly SensorArguments _args;
    private readonly TextWriter _stderr;
    private readonly SpoolSink _sink;
    private readonly JobLedger _ledger;
    private readonly CaptureSet _captures;
    private readonly ConcurrentQueue<(string? Reason, long Lost)> _spoolNews = new();
    private readonly long _started = Clock.Now;
    private readonly List<RuleSet> _retired = [];
    private readonly Dictionary<string, string> _troubles = [];
    private Generation? _generation;
    private long _triedGeneration;
    private long _eventsLost, _alertsLost;

    private sealed record Generation(long Number, SensorFolderSettings Folder, EngineSettings Settings, RuleSet Rules);

    private FolderSensor(SensorArguments args, TextWriter stderr)
    {
        _args = args;
        _stderr = stderr;
        _root = Path.GetFullPath(args.Folder!);
        foreach (string name in (string[])["spool", "packets", "files", "state"]) Directory.CreateDirectory(Path.Combine(_root, name));
        _sink = new SpoolSink(Path.Combine(_root, "spool"), Path.Combine(_root, "state"));
        _sink.Changed = (reason, lost) => _spoolNews.Enqueue((reason, lost));
        _captures = new CaptureSet(_sink, Path.Combine(_root, "packets"));
        _ledger = new JobLedger(Path.Combine(_root, "state", "jobs"));
    }

    public static async Task<int> RunAsync(SensorArguments args, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        FolderSensor sensor;
        try
        {
            sensor = new FolderSensor(args, stderr);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await stderr.WriteLineAsync($"sensor: the folder {args.Folder} cannot be used: {e.Message}");
            return 1;
        }
        using (sensor)
        {
            await stdout.WriteLineAsync("Engine started.");
            await stdout.FlushAsync(CancellationToken.None);
            await Task.Run(() => sensor.RunLoop(ct), CancellationToken.None);
            return sensor._order != null ? SensorProgram.RestartOrdered : 0;
        }
    }

    /// <summary>Until cancelled or told to start again.</summary>
    private void RunLoop(CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Loop(ended);
    }

    private void Loop(CancellationTokenSource ended)
    {
        CancellationToken ct = ended.Token;
        Answer("sensor started", w =>
        {
            w.Text("version"u8, typeof(FolderSensor).Assembly.GetName().Version?.ToString(3) ?? "0");
            w.Number("pid"u8, Environment.ProcessId);
            w.Text("matcher"u8, Hyperscan.Available ? "hyperscan" : "aho-corasick");
            w.Open("capabilities"u8);
            w.Bool("net_raw"u8, Capabilities.HasNetRaw);
            w.Close();
        });
        Guarded("jobs", TellInterrupted);
        long nextStats = Environment.TickCount64 + 1000;
        while (!ct.IsCancellationRequested)
        {
            Guarded("generation", LoadNewest);
            Guarded("jobs", () => StartJob(ct));
            Guarded("capture", SuperviseCapture);
            TellSpool();
            if (Environment.TickCount64 >= _nextCosts) TellCosts();
            Guarded("order", () => TakeOrder(ended));
            if (Environment.TickCount64 >= nextStats)
            {
                Guarded("heartbeat", Heartbeat);
                Guarded("budget", KeepBudget);
                nextStats = Environment.TickCount64 + 1000L * (_generation?.Folder.StatsIntervalSeconds ?? 10);
            }
            ct.WaitHandle.WaitOne(200);
        }
        _job?.Wait(CancellationToken.None);
        TellCosts();
        _captures.Dispose();
        Answer("sensor stopped", w => w.Text("reason"u8, _order != null ? "asked to start again"u8 : "asked to stop"u8));
    }

    /// <summary>What the folder refuses (no room, no right) costs this turn of one task, not the sensor; each new reason is told once.</summary>
    private void Guarded(string task, Action act)
    {
        try
        {
            act();
            _troubles.Remove(task);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_troubles.TryGetValue(task, out string? known) && known == e.Message) return;
            _troubles[task] = e.Message;
            _stderr.WriteLine($"sensor: {task}: {e.Message}; it is tried again");
        }
    }

    private void Answer(string message, Action<EveWriter>? more = null)
    {
        var w = new EveWriter();
        w.Begin();
        w.Time("timestamp"u8, Clock.Now);
        w.Text("event_type"u8, "engine"u8);
        w.Open("engine"u8);
        w.Text("message"u8, message);
        more?.Invoke(w);
        w.Close();
        _sink.Write(EveStream.Alerts, w.End());
    }

    /// <summary>Frees older rule sets, except those that a capture thread has not let go of yet.</summary>
    private void FreeRetired()
    {
        for (int i = _retired.Count - 1; i >= 0; i--)
        {
            if (!_captures.AreDoneWith(_retired[i]) || _jobRules == _retired[i]) continue;
            _retired[i].Dispose();
            _retired.RemoveAt(i);
        }
    }

    private void LoadNewest()
    {
        FreeRetired();
        string control = Path.Combine(_root, "control");
        if (!Directory.Exists(control)) return;
        long newest = 0;
        string? path = null;
        foreach (string folder in Directory.EnumerateDirectories(control, "generation-*"))
            if (long.TryParse(Path.GetFileName(folder)["generation-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > newest) (newest, path) = (number, folder);
        if (path == null || newest <= _triedGeneration) return;
        _triedGeneration = newest;
        long started = Clock.Now;
        try
        {
            Generation made = Load(newest, path);
            TellCosts();
            Generation? old = _generation;
            _generation = made;
            IReadOnlyList<string> late = _captures.Use(new CaptureOrders(made.Rules, made.Settings, made.Folder.PacketsBudget));
            _nextCaptureLook = 0;
            if (old != null) _retired.Add(old.Rules);
            FreeRetired();
            double seconds = (Clock.Now - started) / 1e6;
            long memory = Environment.WorkingSet;
            Answer("generation loaded", w =>
            {
                w.Number("generation"u8, newest);
                w.Number("rules_loaded"u8, made.Rules.Loaded);
                w.Number("rules_failed"u8, made.Rules.Faults.Count);
                w.OpenArray("errors"u8);
                foreach (RuleFault fault in made.Rules.Faults.Take(1000))
                {
                    w.OpenItem();
                    w.Text("file"u8, fault.File);
                    w.Number("line"u8, fault.Line);
                    w.Number("sid"u8, fault.Sid);
                    w.Text("keyword"u8, fault.Keyword);
                    w.Text("reason"u8, fault.Reason);
                    w.Close();
                }
                w.CloseArray();
                w.Fraction("seconds"u8, seconds);
                w.Number("memory_mib"u8, memory >> 20);
                if (late.Count == 0) return;
                w.OpenArray("late"u8);
                foreach (string name in late) w.Item(name);
                w.CloseArray();
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or RuleException or FormatException)
        {
            string reason = e is RuleException r ? $"{r.Keyword}: {r.Message}" : e.Message;
            Answer("generation refused", w =>
            {
                w.Number("generation"u8, newest);
                w.Text("reason"u8, reason);
            });
        }
    }

    private Generation Load(long number, string folder)
    {
        SensorFolderSettings settings = SensorFolderSettings.Read(Path.Combine(folder, "settings.json"));
        var variables = new RuleVariables();
        settings.ApplyTo(variables);
        // a bad variable is a fault of the settings, not of every rule that uses it
        foreach (string name in variables.Addresses.Keys) variables.AddressesOf("$" + name);
        foreach (string name in variables.Ports.Keys) variables.PortsOf("$" + name);
        var classes = new Classification();
        string classFile = Path.Combine(folder, "classification.config");
        if (File.Exists(classFile)) classes.Load(classFile);
        string rulesFolder = Path.Combine(folder, "rules");
        IEnumerable<(string, string)> files = Directory.Exists(rulesFolder)
            ? Directory.EnumerateFiles(rulesFolder, "*.rules").Order(StringComparer.Ordinal).Select(f => (f, Path.GetFileName(f)))
            : [];
        EngineSettings engine = settings.ToEngine();
        string thresholds = Path.Combine(folder, "threshold.config");
        var faults = new List<RuleFault>();
        if (File.Exists(thresholds)) engine.Suppressions.Load(thresholds, variables, faults);
        RuleSet rules = RuleLoading.Load(files, variables, classes, true, new RuleLoadOptions { Beside = rulesFolder, CacheFolder = Path.Combine(_root, "state", "patterns") });
        rules.Faults.AddRange(faults);
        return new Generation(number, settings, engine, rules);
    }

    public void Dispose()
    {
        _captures.Dispose();
        _sink.Dispose();
        _generation?.Rules.Dispose();
    }
}
