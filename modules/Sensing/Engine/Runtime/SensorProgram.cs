using System.Diagnostics;
using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine;

/// <summary>The verb <c>cirt sensor</c>.</summary>
public static class SensorProgram
{
    internal const string Version = "7.0.10";

    /// <summary>Exit code of a sensor that was told to start again: its supervisor starts it, and counts no failure.</summary>
    public const int RestartOrdered = 86;

    /// <summary>Runs until the capture is processed or, with --folder or -i, until cancelled. Returns the exit code the README names; never throws for bad input.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        ProcessMemory.ShareOneHeap();
        SensorArguments parsed = SensorArguments.Parse(args);
        if (parsed.Fault != null)
        {
            await stderr.WriteLineAsync($"sensor: {parsed.Fault}");
            return 1;
        }
        if (parsed.ShowVersion)
        {
            await stdout.WriteLineAsync($"This engine speaks the rules and records of Suricata version {Version} RELEASE");
            return 0;
        }
        if (parsed.Listing != null) return Listings.Print(parsed, stdout, stderr);
        if (parsed.Folder != null) return await FolderSensor.RunAsync(parsed, stdout, stderr, ct);
        return await Task.Run(() => RunOnce(parsed, stdout, stderr, ct), CancellationToken.None);
    }

    private static int RunOnce(SensorArguments args, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        var run = new StandAlone(args, stdout, stderr);
        if (!run.TryConfigure()) return 1;
        run.Tell();
        Configuration config = run.Config!;
        RuleSet? rules = run.LoadRules(out bool failed);
        if (failed)
        {
            rules?.Dispose();
            return 1;
        }
        if (args.TestOnly)
        {
            stdout.WriteLine("Configuration provided was successfully loaded. Exiting.");
            return 0;
        }
        if (args.Capture == null && args.Interfaces.Count == 0)
        {
            stderr.WriteLine("sensor: nothing to do: give -r FILE, -i INTERFACE or --folder DIR");
            return 1;
        }
        if (!TryMakePlace(args, stderr)) return 1;
        using PidFile? pid = PidFile.Take(args.PidFile ?? (args.Capture == null ? run.Root.Value("pid-file") : null), stderr, out bool taken);
        if (taken) return 1;
        using var sink = new FileSink(Path.IsPathRooted(config.EveName) ? config.EveName : Path.Combine(args.LogFolder, config.EveName));
        stdout.WriteLine("Engine started.");
        stdout.Flush();
        long started = Stopwatch.GetTimestamp();
        RunMode mode = RunMode.Of(args, run.Root);
        int exit = args.Capture != null ? Replay(args, args.Capture, mode, config.Settings, rules, sink, stdout, stderr, started, ct)
            : new LiveRun(args, sink, stdout, stderr).Run(mode.Interfaces(args, run.Root), config.Settings, rules, ct);
        stdout.WriteLine($"time elapsed {Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("F3", CultureInfo.InvariantCulture)}s");
        if (sink.Lost > 0) stderr.WriteLine($"sensor: {sink.Lost.ToString(CultureInfo.InvariantCulture)} records could not be written: {sink.Trouble}");
        // a live run has freed its own, which may be others by now
        if (args.Capture == null) return exit;
        rules?.Datasets.Save();
        rules?.Dispose();
        return exit;
    }

    /// <summary>The log folder, made when it is not there; also what is wrong with a capture filter is told before anything begins.</summary>
    private static bool TryMakePlace(SensorArguments args, TextWriter stderr)
    {
        try
        {
            Directory.CreateDirectory(args.LogFolder);
            using PacketFilter? filter = args.Interfaces.Count > 0 && CaptureFilter.TextOf(args) is { } text ? new PacketFilter(text) : null;
            return true;
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: {e.Message}");
            return false;
        }
    }

    private static PacketFilter? FilterOf(SensorArguments args, TextWriter stderr, out bool wrong)
    {
        wrong = false;
        try
        {
            return CaptureFilter.TextOf(args) is { } text ? new PacketFilter(text) : null;
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: {e.Message}");
            wrong = true;
            return null;
        }
    }

    private static int Replay(SensorArguments args, string capture, RunMode mode, EngineSettings settings, RuleSet? rules, IEveSink sink, TextWriter stdout, TextWriter stderr, long started, CancellationToken ct)
    {
        using PacketFilter? filter = FilterOf(args, stderr, out bool wrong);
        if (wrong) return 1;
        bool folder = Directory.Exists(capture);
        IEnumerable<string> paths = CapturePaths.Of(args, capture, stderr, ct);
        var replay = new Replay(mode, settings, rules, filter, args.StrictCapture, stdout, stderr, started);
        if (!args.Each || !folder) return replay.Run(paths, folder, sink, ct);
        // each capture meets an engine that has seen nothing yet, and has a log of its own
        int exit = 0;
        foreach (string path in paths)
        {
            string into = Path.Combine(args.LogFolder, Path.GetRelativePath(capture, path));
            Directory.CreateDirectory(into);
            using var own = new FileSink(Path.Combine(into, Path.GetFileName(sink is FileSink file ? file.Name : "eve.json")));
            exit = Math.Max(exit, replay.Run([path], folder, own, ct));
        }
        return exit;
    }
}

internal static class Clock
{
    /// <summary>The wall clock in microseconds since 1970.</summary>
    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
}
