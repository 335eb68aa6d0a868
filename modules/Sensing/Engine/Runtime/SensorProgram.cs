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
        Directory.CreateDirectory(args.LogFolder);
        using var sink = new FileSink(Path.IsPathRooted(config.EveName) ? config.EveName : Path.Combine(args.LogFolder, config.EveName));
        stdout.WriteLine("Engine started.");
        stdout.Flush();
        long started = Stopwatch.GetTimestamp();
        int exit = args.Capture != null ? Replay(args, args.Capture, config.Settings, rules, sink, stdout, stderr, started, ct)
            : LiveRun.Run(args.Interfaces, args.Threads, config.Settings, rules, sink, stdout, stderr, ct);
        stdout.WriteLine($"time elapsed {Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("F3", CultureInfo.InvariantCulture)}s");
        rules?.Datasets.Save();
        rules?.Dispose();
        return exit;
    }

    private static PacketFilter? FilterOf(SensorArguments args, TextWriter stderr, out bool wrong)
    {
        wrong = false;
        try
        {
            string? text = args.FilterFile != null ? string.Join(' ', File.ReadLines(args.FilterFile).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)) : args.Filter;
            return string.IsNullOrWhiteSpace(text) ? null : new PacketFilter(text);
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: {e.Message}");
            wrong = true;
            return null;
        }
    }

    private static int Replay(SensorArguments args, string capture, EngineSettings settings, RuleSet? rules, IEveSink sink, TextWriter stdout, TextWriter stderr, long started, CancellationToken ct)
    {
        using PacketFilter? filter = FilterOf(args, stderr, out bool wrong);
        if (wrong) return 1;
        var worker = new Worker(settings, rules, sink);
        int exit = 0, files = 0;
        string? truncated = null;
        IEnumerable<string> paths = Directory.Exists(capture) ? Directory.EnumerateFiles(capture).Order(StringComparer.Ordinal) : [capture];
        foreach (string path in paths)
        {
            try
            {
                using PcapReader reader = path == "-" ? new PcapReader(Console.OpenStandardInput()) : PcapReader.Open(path);
                worker.CaptureFile = path;
                RawPacket raw = default;
                while (!ct.IsCancellationRequested && reader.TryRead(ref raw))
                    if (filter == null || filter.Takes(raw)) worker.Process(raw);
                files++;
                if (reader.TruncatedAt >= 0)
                {
                    truncated = $"{path}: {reader.TruncatedReason} at byte {reader.TruncatedAt}; processed up to there";
                    stderr.WriteLine($"capture cut short: {truncated}");
                    if (args.StrictCapture) exit = 2;
                }
            }
            catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
            {
                stderr.WriteLine($"sensor: {path}: {e.Message}");
                if (!Directory.Exists(capture)) exit = 1;
            }
        }
        worker.Finish();
        WorkerCounters c = worker.Counters;
        if (settings.Eve.Stats && settings.Eve.Enabled)
        {
            var writer = new EveWriter();
            StatsRecord.Write(writer, [c], rules, (long)Stopwatch.GetElapsedTime(started).TotalSeconds, Clock.Now, truncated == null ? null : w =>
            {
                w.Open("capture"u8);
                w.Text("truncated"u8, truncated);
                w.Close();
            });
            sink.Write(EveStream.Alerts, writer.End());
        }
        sink.Flush();
        stdout.WriteLine($"read {files} file(s), {c.Decode.Packets} packets, {c.Decode.Bytes} bytes; {c.Detect.Alerts} alerts, {c.Eve.Records} records{(truncated == null ? "" : "; TRUNCATED: " + truncated)}");
        worker.Dispose();
        return exit;
    }
}

internal static class Clock
{
    /// <summary>The wall clock in microseconds since 1970.</summary>
    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
}
