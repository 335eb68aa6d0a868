using System.Text.Json;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

internal sealed partial class FolderSensor
{
    private const double KeepReadSeconds = 3600;
    private long _nextCaptureLook;

    private void Heartbeat()
    {
        var w = new EveWriter();
        List<WorkerCounters> workers = _captures.Threads.Select(t => t.Counters).ToList();
        StatsRecord.Write(w, workers, _generation?.Rules, (Clock.Now - _started) / 1_000_000, Clock.Now, Own, _generation?.Settings);
        _sink.Write(EveStream.Alerts, w.End());
    }

    private void Own(EveWriter w)
    {
        LiveRun.WriteCapture(w, _captures);
        w.Open("sensor"u8);
        w.Number("generation"u8, _generation?.Number ?? 0);
        WriteInterfaces(w);
        string jobs = Path.Combine(_root, "control", "jobs");
        w.Number("jobs_waiting"u8, Directory.Exists(jobs) ? Directory.EnumerateFiles(jobs, "*.json").Count(f => !_ledger.KnowsFile(f)) : 0);
        w.Close();
        w.Open("spool"u8);
        w.Number("alerts_segment"u8, _sink.LastClosed(EveStream.Alerts));
        w.Number("events_segment"u8, _sink.LastClosed(EveStream.Events));
        w.Number("bytes"u8, Directory.EnumerateFiles(Path.Combine(_root, "spool")).Sum(f => SizeOf(f)));
        w.Number("events_lost"u8, _eventsLost);
        w.Number("alerts_lost"u8, _alertsLost);
        w.Number("write_errors"u8, _sink.WriteErrors);
        w.Number("records_lost"u8, _sink.RecordsLost);
        w.Close();
    }

    private const int DearestRules = 100;
    private long _nextCosts, _toldCosts;

    /// <summary>Says which rules of the generation in force have cost most so far; nothing where no packet came since it was said last.</summary>
    private void TellCosts()
    {
        _nextCosts = Environment.TickCount64 + 1000L * Math.Max(1, _generation?.Folder.CostsIntervalSeconds ?? 1);
        if (_generation is not { Folder.CostsIntervalSeconds: > 0 } generation) return;
        List<RuleCosts> workers = [.. _captures.Threads.Select(t => t.Costs).OfType<RuleCosts>().Where(c => c.Rules == generation.Rules)];
        long packets = workers.Sum(w => w.Packets);
        if (packets == 0 || packets == _toldCosts) return;
        _toldCosts = packets;
        var (dearest, micros) = RuleCosts.Sum(workers, DearestRules);
        Answer("rule costs", w =>
        {
            w.Number("generation"u8, generation.Number);
            w.Number("packets"u8, packets);
            w.Number("every"u8, RuleCosts.EveryNth);
            w.Number("micros"u8, micros);
            w.OpenArray("rules"u8);
            foreach (RuleCost rule in dearest)
            {
                w.OpenItem();
                w.Number("gid"u8, rule.Gid);
                w.Number("sid"u8, rule.Sid);
                w.Number("checks"u8, rule.Checks);
                w.Number("matches"u8, rule.Matches);
                w.Number("micros"u8, rule.Micros);
                w.Close();
            }
            w.CloseArray();
        });
    }

    /// <summary>Says that the spool cannot be written, and when it can again, what that has cost.</summary>
    private void TellSpool()
    {
        while (_spoolNews.TryDequeue(out var news))
        {
            _stderr.WriteLine(news.Reason != null ? $"spool: cannot be written: {news.Reason}; records wait, then are lost, until there is room"
                : $"spool: written again; {news.Lost.ToString(System.Globalization.CultureInfo.InvariantCulture)} records were lost");
            Answer(news.Reason != null ? "spool failed" : "spool recovered", w =>
            {
                if (news.Reason != null) w.Text("reason"u8, news.Reason);
                else w.Number("records_lost"u8, news.Lost);
            });
        }
    }

    private static long SizeOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }

    /// <summary>Deletes by budget: packets, files, read events, read alerts, unread events (counted), unread alerts last.</summary>
    private void KeepBudget()
    {
        SensorFolderSettings settings = _generation?.Folder ?? new SensorFolderSettings();
        Shrink(Path.Combine(_root, "packets"), settings.PacketsBudget);
        DropOldExtracts();
        Shrink(Path.Combine(_root, "files"), settings.FilesBudget);
        string spool = Path.Combine(_root, "spool");
        var (readAlerts, readEvents) = ReadBookmark(Path.Combine(spool, "read"));
        List<FileInfo> alerts = Segments(spool, "alerts"), events = Segments(spool, "events");
        long total = alerts.Sum(f => f.Length) + events.Sum(f => f.Length);
        bool IsRead(FileInfo f, long mark) => SpoolSink.Number(f.Name) <= mark;
        foreach (FileInfo file in events.Where(f => IsRead(f, readEvents)).Concat(alerts.Where(f => IsRead(f, readAlerts))))
            if (total > settings.SpoolBudget || (DateTime.UtcNow - file.LastWriteTimeUtc).TotalSeconds > KeepReadSeconds) total -= Remove(file);
        foreach (FileInfo file in events.Where(f => !IsRead(f, readEvents)))
        {
            if (total <= settings.SpoolBudget) return;
            total -= Remove(file);
            _eventsLost++;
        }
        foreach (FileInfo file in alerts.Where(f => !IsRead(f, readAlerts)))
        {
            if (total <= settings.SpoolBudget) return;
            total -= Remove(file);
            _alertsLost++;
        }
    }

    private static List<FileInfo> Segments(string spool, string stream) =>
        new DirectoryInfo(spool).EnumerateFiles(stream + "-*.json").OrderBy(f => f.Name, StringComparer.Ordinal).ToList();

    private long Remove(FileInfo file)
    {
        long length = file.Length;
        try
        {
            file.Delete();
            return length;
        }
        catch (IOException e)
        {
            _stderr.WriteLine($"spool: cannot delete {file.FullName}: {e.Message}");
            return 0;
        }
    }

    private void Shrink(string folder, long budget)
    {
        List<FileInfo> files = new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.LastWriteTimeUtc).ToList();
        long total = files.Sum(f => f.Length);
        foreach (FileInfo file in files)
        {
            if (total <= budget) return;
            total -= Remove(file);
        }
    }

    private static (long Alerts, long Events) ReadBookmark(string path)
    {
        try
        {
            if (!File.Exists(path)) return default;
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            long Number(string name) => json.RootElement.TryGetProperty(name, out JsonElement e) && e.TryGetInt64(out long n) ? n : 0;
            return (Number("alerts"), Number("events"));
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException)
        {
            return default; // an unreadable bookmark counts as "nothing read"
        }
    }

    private void SuperviseCapture()
    {
        if (Environment.TickCount64 < _nextCaptureLook) return;
        _nextCaptureLook = Environment.TickCount64 + 5000;
        // without rules a capture would see everything and tell nothing
        if (_generation == null) return;
        var wanted = _generation.Folder.Interfaces.Concat(_args.Interfaces.Select(n => new CaptureInterface(n, Math.Max(1, _args.Threads), true))).DistinctBy(i => i.Name).ToList();
        if (wanted.Count == 0 && _captures.Threads.Count == 0) return;
        TellFaults();
        _captures.Arrange(wanted, _generation.Settings, _generation.Rules, (name, method, reason) =>
            Answer(reason == null ? "capture started" : "capture failed", w =>
            {
                w.Text("interface"u8, name);
                if (reason == null) w.Text("method"u8, method!);
                else w.Text("reason"u8, reason);
            }), _generation.Folder.PacketsBudget);
    }

    private readonly HashSet<string> _toldFaults = [];

    /// <summary>Interfaces that have stopped giving packets, and packets that the engine failed at: each once.</summary>
    private void TellFaults()
    {
        foreach (CaptureThread thread in _captures.Threads)
        {
            if (thread.Fault is { } gone && thread.Number == 0)
                Answer("capture failed", w =>
                {
                    w.Text("interface"u8, thread.Interface);
                    w.Text("reason"u8, gone);
                });
            if (thread.FirstFault is { } fault && _toldFaults.Count < 100 && _toldFaults.Add(fault)) _stderr.WriteLine($"sensor: {thread.Interface}: a packet was given up: {fault}");
        }
    }

    private void WriteInterfaces(EveWriter w)
    {
        w.OpenArray("interfaces"u8);
        foreach (string name in _args.Interfaces.Concat(_generation?.Folder.Interfaces.Select(i => i.Name) ?? []).Distinct())
        {
            CaptureThread[] threads = _captures.Threads.Where(t => t.Interface == name).ToArray();
            w.OpenItem();
            w.Text("name"u8, name);
            w.Text("state"u8, threads.Length > 0 ? "capturing" : "not captured");
            if (threads.Length > 0)
            {
                w.Text("method"u8, threads[0].Method);
                w.Number("packets"u8, threads.Sum(t => t.KernelPackets));
                w.Number("drops"u8, threads.Sum(t => t.KernelDrops));
            }
            else w.Text("reason"u8, _captures.Reasons.TryGetValue(name, out string? reason) ? reason : "not started yet");
            w.Close();
        }
        w.CloseArray();
        w.Open("drops"u8);
        w.Number("ring"u8, _captures.Threads.Sum(t => t.KernelDrops));
        w.Number("decode"u8, _captures.Threads.Sum(t => t.Counters.Decode.Invalid));
        w.Number("memcap"u8, _captures.Threads.Sum(t => t.Counters.Flow.MemcapHits + t.Counters.Stream.SegmentMemcapDrops + t.Counters.Stream.SessionMemcapDrops + t.Counters.Decode.DefragDrops));
        w.Number("packets"u8, _captures.Threads.Sum(t => t.RingLost));
        w.Number("fault"u8, _captures.Threads.Sum(t => t.Counters.Faults));
        w.Number("spool"u8, _sink.RecordsLost);
        w.Close();
    }
}
