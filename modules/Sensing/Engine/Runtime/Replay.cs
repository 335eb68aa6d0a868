using System.Diagnostics;
using System.Globalization;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Takes captures through the engine, from the first packet to the last stats record.</summary>
internal sealed class Replay(RunMode mode, EngineSettings settings, RuleSet? rules, PacketFilter? filter, bool strict, TextWriter stdout, TextWriter stderr, long started)
{
    /// <summary>Flows go on from one capture to the next. Returns the exit code that the README names.</summary>
    /// <param name="paths">In the order to be read; - is standard input.</param>
    /// <param name="folder">They lie in a folder: one that cannot be read is told and passed over.</param>
    public int Run(IEnumerable<string> paths, bool folder, IEveSink sink, CancellationToken ct)
    {
        using ICaptureEngine worker = mode.EngineFor(settings, rules, sink);
        int exit = 0, files = 0;
        string? truncated = null;
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
                    if (strict) exit = 2;
                }
            }
            catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
            {
                stderr.WriteLine($"sensor: {path}: {e.Message}");
                if (!folder) exit = 1;
            }
        }
        worker.Finish();
        if (settings.Eve.Stats && settings.Eve.Enabled) WriteStats(worker.AllCounters, sink, truncated);
        sink.Flush();
        IReadOnlyList<WorkerCounters> counters = worker.AllCounters;
        if (counters.Sum(c => c.Faults) is > 0 and var faults)
            stderr.WriteLine($"sensor: the engine failed {faults.ToString(CultureInfo.InvariantCulture)} times, each at the cost of one conversation; please report the first: {worker.FirstFault}");
        stdout.WriteLine($"read {files.ToString(CultureInfo.InvariantCulture)} file(s), {counters.Sum(c => c.Decode.Packets)} packets, {counters.Sum(c => c.Decode.Bytes)} bytes; {counters.Sum(c => c.Detect.Alerts)} alerts, {counters.Sum(c => c.Eve.Records)} records{(truncated == null ? "" : "; TRUNCATED: " + truncated)}");
        return exit;
    }

    private void WriteStats(IReadOnlyList<WorkerCounters> counters, IEveSink sink, string? truncated)
    {
        var writer = new EveWriter();
        StatsRecord.Write(writer, counters, rules, (long)Stopwatch.GetElapsedTime(started).TotalSeconds, Clock.Now, truncated == null ? null : w =>
        {
            w.Open("capture"u8);
            w.Text("truncated"u8, truncated);
            w.Close();
        }, settings);
        sink.Write(EveStream.Alerts, writer.End());
    }
}
