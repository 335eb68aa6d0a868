using System.Diagnostics;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Capture from interfaces until stopped, as Suricata's -i.</summary>
internal static class LiveRun
{
    public static int Run(IReadOnlyCollection<CaptureInterface> wanted, EngineSettings settings, RuleSet? rules, IEveSink sink, TextWriter stdout, TextWriter stderr, CancellationToken ct)
    {
        using var captures = new CaptureSet(sink);
        captures.Arrange(wanted, settings, rules, (name, method, reason) => (reason == null ? stdout : stderr).WriteLine(reason == null ? $"{name}: capturing by {method}" : $"{name}: not captured: {reason}"));
        if (captures.Threads.Count == 0) return 1;
        stdout.Flush();
        long started = Stopwatch.GetTimestamp();
        var writer = new EveWriter();
        for (int second = 1; !ct.WaitHandle.WaitOne(1000); second++)
        {
            sink.Flush();
            if (second % 8 == 0 && settings.Eve.Stats) Stats();
        }
        captures.Threads.ToList().ForEach(t => t.Dispose());
        if (settings.Eve.Stats) Stats();
        sink.Flush();
        return 0;

        void Stats()
        {
            StatsRecord.Write(writer, captures.Threads.Select(t => t.Counters).ToList(), rules, (long)Stopwatch.GetElapsedTime(started).TotalSeconds, Clock.Now, w => WriteCapture(w, captures));
            sink.Write(EveStream.Alerts, writer.End());
        }
    }

    public static void WriteCapture(EveWriter w, CaptureSet captures)
    {
        w.Open("capture"u8);
        w.Number("kernel_packets"u8, captures.Threads.Sum(t => t.KernelPackets));
        w.Number("kernel_drops"u8, captures.Threads.Sum(t => t.KernelDrops));
        w.Close();
    }
}
