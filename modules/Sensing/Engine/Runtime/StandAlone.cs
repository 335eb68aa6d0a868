using System.Diagnostics;
using System.Globalization;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>What a run in Suricata's place is made of: its configuration read, told and checked, its rules loaded. Nothing here captures.</summary>
internal sealed class StandAlone(SensorArguments args, TextWriter stdout, TextWriter stderr)
{
    public YamlNode Root { get; private set; } = new() { Map = [] };
    public Configuration? Config { get; private set; }

    /// <summary>The file, what it includes, --include and --set, in this order. False: it cannot be read, and why has been said.</summary>
    public bool TryConfigure()
    {
        try
        {
            Root = args.ConfigFile != null ? ConfigurationFile.Read(args.ConfigFile) : Configuration.Stock(args.Sets);
            foreach (string more in args.Includes) ConfigurationFile.Merge(Root, ConfigurationFile.Read(more));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or YamlException)
        {
            stderr.WriteLine($"sensor: the configuration cannot be read: {e.Message}");
            return false;
        }
        foreach (string set in args.Sets)
        {
            int equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                stderr.WriteLine($"sensor: --set {set}: expected name=value");
                return false;
            }
            Root.Set(set[..equals].Trim(), set[(equals + 1)..].Trim());
        }
        if (!args.LogFolderGiven && Root.Value("default-log-dir") is { Length: > 0 } folder) args.LogFolder = folder;
        try
        {
            Config = Configuration.Build(args, Root);
            return true;
        }
        catch (Exception e) when (e is RuleException or IOException or UnauthorizedAccessException)
        {
            stderr.WriteLine($"sensor: configuration: {(e is RuleException r ? r.Keyword + ": " : "")}{e.Message}");
            return false;
        }
    }

    /// <summary>Says what of the configuration and the command line is not acted on.</summary>
    public void Tell()
    {
        foreach (string note in args.Notes) stderr.WriteLine($"sensor: {note}");
        var (unknown, idle, notWritten) = ConfigurationKeys.Sort(Root);
        foreach (YamlKey key in unknown)
            stderr.WriteLine(key.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"sensor: {key.File}:{key.Line}: unknown key {key.Path}") : $"sensor: --set: unknown key {key.Path}");
        foreach (string output in notWritten) stderr.WriteLine($"sensor: {output} is enabled and not written here; its records are in eve-log");
        if (idle.Count > 0) stdout.WriteLine($"known, without effect here: {string.Join(' ', idle)}");
    }

    /// <summary>Loads the rules; null without detection, or when they must not be used: then <paramref name="failed"/> is set.</summary>
    public RuleSet? LoadRules(out bool failed)
    {
        failed = false;
        if (args.DisableDetection) return null;
        long started = Stopwatch.GetTimestamp();
        List<string> files = RuleFiles(args, Root);
        foreach (string file in files.Where(f => !File.Exists(f)))
        {
            stderr.WriteLine($"sensor: the rules file {file} does not exist");
            failed |= args.InitErrorsFatal;
        }
        Configuration config = Config!;
        RuleSet rules = RuleLoading.Load(files.Where(File.Exists).Select(f => (f, f)), config.Variables, config.Classes, config.Settings.NativeMatcher, config.Settings.RuleLoad, true);
        foreach (RuleFault fault in config.Faults.Where(f => f.File == Configuration.Itself)) stderr.WriteLine($"sensor: {fault.Keyword}: {fault.Reason}");
        failed |= args.InitErrorsFatal && config.Faults.Exists(f => f.File == Configuration.Itself);
        foreach (RuleFault fault in config.Faults.Where(f => f.File != Configuration.Itself).Concat(rules.Faults))
            stderr.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rule not loaded: {fault.File}:{fault.Line} sid {fault.Sid} {fault.Keyword}: {fault.Reason}"));
        if (rules.CacheFault != null) stderr.WriteLine($"sensor: compiled patterns are not kept in {config.Settings.RuleLoad.CacheFolder}: {rules.CacheFault}");
        bool native = Detect.Prefilter.Hyperscan.Available && config.Settings.NativeMatcher;
        stdout.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rules: {rules.Loaded} loaded, {rules.Faults.Count} failed, matcher {(native ? "hyperscan" : "aho-corasick")}{(rules.FromCache > 0 ? " from cache" : "")}, {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s"));
        failed |= rules.Faults.Count > 0 && (args.InitErrorsFatal || args.TestOnly);
        return rules;
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
}
