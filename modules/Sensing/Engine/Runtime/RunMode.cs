using System.Globalization;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Runtime.Sharding;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>
/// How many workers share the packets, and by what. From a file: one, unless autofp or workers is asked for; then as many as there are processors, times
/// threading.detect-thread-ratio. From an interface each thread has its own share of the ring, as many as the interface's own "threads" says.
/// </summary>
internal sealed record RunMode(int Workers, ShardBy By)
{
    private const int Most = 64;

    public static RunMode Of(SensorArguments args, YamlNode root)
    {
        string name = args.RunMode ?? root.Value("runmode") ?? (args.Threads > 1 ? "autofp" : "single");
        int workers = name is not ("autofp" or "workers") ? 1
            : args.Threads > 0 ? args.Threads
            : (int)Math.Round(Environment.ProcessorCount * Ratio(root.Value("threading.detect-thread-ratio")));
        return new RunMode(Math.Clamp(workers, 1, Most), root.Value("autofp-scheduler") is "hash" or "active-packets" ? ShardBy.Flow : ShardBy.Pair);
    }

    private static double Ratio(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double ratio) && ratio is > 0 and <= Most ? ratio : 1;

    /// <summary>In-line the fate of a tunnel hangs on what lies in it, which takes one worker for all.</summary>
    public ICaptureEngine EngineFor(EngineSettings settings, RuleSet? rules, IEveSink sink) =>
        Workers == 1 || settings.SimulateIps ? new Worker(settings, rules, sink) : new ShardedWorkers(settings, rules, sink, Workers, By);

    public IReadOnlyList<CaptureInterface> Interfaces(SensorArguments args, YamlNode root) =>
        args.Interfaces.Select(name => new CaptureInterface(name, args.RunMode == "single" ? 1 : args.Threads > 0 ? args.Threads : Configured(name, root), true)).ToList();

    private static int Configured(string name, YamlNode root)
    {
        string? found = null;
        foreach (YamlNode item in root["af-packet"]?.Items ?? [])
            if (item.Value("interface") == name || item.Value("interface") == "default" && found == null) found = item.Value("threads") ?? found;
        return found == "auto" ? Environment.ProcessorCount : int.TryParse(found, CultureInfo.InvariantCulture, out int threads) ? Math.Clamp(threads, 1, Most) : 1;
    }
}
