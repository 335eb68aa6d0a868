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
        if (parsed.ListKeywords)
        {
            foreach (string name in KeywordTable.Names) await stdout.WriteLineAsync("- " + name);
            return 0;
        }
        if (parsed.ListProtocols)
        {
            foreach (AppProto protocol in ParserTable.Known) await stdout.WriteLineAsync(AppProtoNames.Name(protocol));
            return 0;
        }
        if (parsed.Folder != null) return await FolderSensor.RunAsync(parsed, stdout, stderr, ct);
        return await Task.Run(() => RunOnce(parsed, stdout, stderr, ct), CancellationToken.None);
    }

    private static int RunOnce(SensorArguments args, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        long started = Stopwatch.GetTimestamp();
        YamlNode root;
        try
        {
            root = args.ConfigFile != null ? Configuration.ReadFile(args.ConfigFile) : new YamlNode { Map = [] };
        }
        catch (IOException e)
        {
            stderr.WriteLine($"sensor: the configuration cannot be read: {e.Message}");
            return 1;
        }
        foreach (string set in args.Sets)
        {
            int equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                stderr.WriteLine($"sensor: --set {set}: expected name=value");
                return 1;
            }
            root.Set(set[..equals].Trim(), set[(equals + 1)..].Trim());
        }
        Configuration config;
        try
        {
            config = Configuration.Build(args, root);
        }
        catch (RuleException e)
        {
            stderr.WriteLine($"sensor: configuration: {e.Keyword}: {e.Message}");
            return 1;
        }
        RuleSet? rules = null;
        if (!args.DisableDetection)
        {
            List<string> files = RuleFiles(args, root);
            foreach (string file in files.Where(f => !File.Exists(f)))
            {
                stderr.WriteLine($"sensor: the rules file {file} does not exist");
                if (args.InitErrorsFatal) return 1;
            }
            rules = RuleLoading.Load(files.Where(File.Exists).Select(f => (f, f)), config.Variables, config.Classes, config.Settings.NativeMatcher, config.Settings.RuleLoad, true);
            foreach (RuleFault fault in config.Faults.Concat(rules.Faults))
                stderr.WriteLine($"rule not loaded: {fault.File}:{fault.Line} sid {fault.Sid} {fault.Keyword}: {fault.Reason}");
            stdout.WriteLine($"rules: {rules.Loaded} loaded, {rules.Faults.Count} failed, matcher {(Detect.Prefilter.Hyperscan.Available && config.Settings.NativeMatcher ? "hyperscan" : "aho-corasick")}, {Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("F2", CultureInfo.InvariantCulture)} s");
            if (rules.Faults.Count > 0 && (args.InitErrorsFatal || args.TestOnly)) return 1;
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
        started = Stopwatch.GetTimestamp();
        int exit = args.Capture != null ? Replay(args, args.Capture, config.Settings, rules, sink, stdout, stderr, started, ct)
            : LiveRun.Run(args.Interfaces, args.Threads, config.Settings, rules, sink, stdout, stderr, ct);
        stdout.WriteLine($"time elapsed {Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("F3", CultureInfo.InvariantCulture)}s");
        rules?.Datasets.Save();
        rules?.Dispose();
        return exit;
    }

    internal static List<string> RuleFiles(SensorArguments args, YamlNode root)
    {
        if (args.OnlyRules.Count > 0) return Expand(args.OnlyRules);
        var files = new List<string>();
        string folder = root.Value("default-rule-path") ?? "";
        foreach (YamlNode item in root["rule-files"]?.Items ?? [])
            if (item.Text != null) files.Add(Path.Combine(folder, item.Text));
        return Expand(files.Concat(args.MoreRules));
    }

    private static List<string> Expand(IEnumerable<string> patterns)
    {
        var files = new List<string>();
        foreach (string pattern in patterns)
        {
            if (pattern.Contains('*', StringComparison.Ordinal) && Path.GetDirectoryName(Path.GetFullPath(pattern)) is { } folder && Directory.Exists(folder))
                files.AddRange(Directory.EnumerateFiles(folder, Path.GetFileName(pattern)).Order(StringComparer.Ordinal));
            else files.Add(pattern);
        }
        return files;
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
        bool folder = Directory.Exists(capture);
        IEnumerable<string> paths = folder ? Directory.EnumerateFiles(capture, "*", args.Recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Order(StringComparer.Ordinal) : [capture];
        var replay = new Replay(settings, rules, filter, args.StrictCapture, stdout, stderr, started);
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
