using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Capture from interfaces until stopped.</summary>
internal static class LiveRun
{
    public static int Run(List<string> interfaces, int threads, EngineSettings settings, RuleSet? rules, IEveSink sink, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        stderr.WriteLine($"sensor: {string.Join(", ", interfaces)}: capture from interfaces is not built into this release; replay works");
        return 1;
    }
}
