using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Capture.Pcap;
using Appliance.Sensing.Engine.Capture.Ring;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>Jobs run one at a time beside the sensor's own work: the heartbeat, the capture and new rules do not wait for them.</summary>
internal sealed partial class FolderSensor
{
    private const long ExtractsKeptSeconds = 3600;
    private const int MostWaitMilliseconds = 60_000;
    private Task? _job;
    private volatile RuleSet? _jobRules;
    private string? _jobPath;
    private volatile bool _withdrawn;

    private void TellInterrupted()
    {
        foreach (string id in _ledger.Interrupted())
        {
            Failed(id, "interrupted");
            _ledger.Ended(id);
        }
    }

    private void Failed(string id, string reason) => Answer("job failed", w =>
    {
        w.Text("job"u8, id);
        w.Text("reason"u8, reason);
    });

    /// <summary>Takes up the next job file, if none is being worked on.</summary>
    private void StartJob(CancellationToken ct)
    {
        string jobs = Path.Combine(_root, "control", "jobs");
        if (!Directory.Exists(jobs)) return;
        if (_job is { IsCompleted: false })
        {
            // the order is taken back by taking its file away; a folder that is away altogether says nothing
            if (!File.Exists(_jobPath)) _withdrawn = true;
            return;
        }
        foreach (string path in Directory.EnumerateFiles(jobs, "*.json").Order(StringComparer.Ordinal).ToArray())
        {
            if (_ledger.KnowsFile(path)) continue;
            SensorJob? job = SensorJob.Read(path, out string? fault);
            if (job == null)
            {
                _ledger.SawFile(path);
                Failed(Path.GetFileNameWithoutExtension(path), fault!);
                continue;
            }
            bool mine = _ledger.TryBegin(job.Id);
            _ledger.SawFile(path);
            if (!mine) continue;
            Generation? generation = _generation;
            _jobRules = generation?.Rules;
            (_jobPath, _withdrawn) = (path, false);
            _job = Task.Run(() => Work(job, generation, ct), CancellationToken.None);
            return;
        }
    }

    private void Work(SensorJob job, Generation? generation, CancellationToken ct)
    {
        try
        {
            if (job.Query != null) Extract(job, job.Query, ct);
            else Replay(job, generation, ct);
            // what was stopped half-way stays begun in the ledger: it is told at the next start
            if (!ct.IsCancellationRequested) _ledger.Ended(job.Id);
        }
        catch (Exception e)
        {
            // whatever a job runs into ends the job, never the sensor
            Failed(job.Id, e.Message);
            _stderr.WriteLine($"sensor: job {job.Id}: {e}");
        }
        finally
        {
            _jobRules = null;
        }
    }

    /// <summary>Packets of a conversation, out of the rings into a file of their own.</summary>
    private void Extract(SensorJob job, PacketQuery query, CancellationToken ct)
    {
        Answer("job started", w =>
        {
            w.Text("job"u8, job.Id);
            w.Text("kind"u8, "extract"u8);
        });
        long started = Clock.Now;
        // what the rings hold back for a second is on the disk by then
        long wait = Math.Clamp((query.To + 2_500_000 - Clock.Now) / 1000, 0, 3000);
        if (wait > 0) ct.WaitHandle.WaitOne((int)wait);
        string folder = Path.Combine(_root, "packets");
        string name = Path.Combine("extracted", job.Id + ".pcap");
        var extract = new PacketExtract(folder, query);
        try
        {
            extract.Run(Path.Combine(folder, name), ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed(job.Id, e.Message);
            return;
        }
        Answer("job done", w =>
        {
            w.Text("job"u8, job.Id);
            w.Text("kind"u8, "extract"u8);
            w.Text("file"u8, Path.Combine("packets", name));
            w.Number("packets"u8, extract.Packets - extract.OtherLink);
            w.Number("bytes"u8, extract.BytesWritten);
            w.Fraction("seconds"u8, (Clock.Now - started) / 1e6);
            if (extract.Packets > 0)
            {
                w.Time("first_packet"u8, extract.FirstTime);
                w.Time("last_packet"u8, extract.LastTime);
            }
            if (extract.Oldest > 0) w.Time("ring_from"u8, extract.Oldest);
            if (extract.OtherLink > 0) w.Number("other_link"u8, extract.OtherLink);
            w.Bool("truncated"u8, extract.Cut);
        });
    }

    /// <summary>A capture in a file can wait for the disk, as the network cannot; but not for ever.</summary>
    private void WaitForRoom(CancellationToken ct)
    {
        for (int waited = 0; _sink.Trouble != null && waited < MostWaitMilliseconds && !ct.IsCancellationRequested && !_withdrawn; waited += 200) ct.WaitHandle.WaitOne(200);
    }

    /// <summary>Extracted packets are for who asked; they go after an hour.</summary>
    private void DropOldExtracts()
    {
        string folder = Path.Combine(_root, "packets", "extracted");
        if (!Directory.Exists(folder)) return;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles().ToArray())
            if ((DateTime.UtcNow - file.LastWriteTimeUtc).TotalSeconds > ExtractsKeptSeconds) Remove(file);
    }

    private void Replay(SensorJob job, Generation? generation, CancellationToken ct)
    {
        string file = Path.IsPathRooted(job.File) ? job.File : Path.Combine(_root, job.File);
        Answer("job started", w =>
        {
            w.Text("job"u8, job.Id);
            w.Text("file"u8, job.File);
            w.Number("generation"u8, generation?.Number ?? 0);
        });
        EngineSettings settings = generation?.Settings ?? new SensorFolderSettings().ToEngine();
        settings = settings with { Eve = settings.Eve with { Replay = job.Id, CommunityId = job.CommunityId, ShowNumbers = true }, Stream = settings.Stream with { ChecksumValidation = false } };
        try
        {
            using PcapReader reader = PcapReader.Open(file);
            long size = new FileInfo(file).Length;
            using var worker = new Worker(settings, generation?.Rules, _sink);
            long started = Clock.Now, nextProgress = Environment.TickCount64 + 1000;
            RawPacket raw = default;
            int turn = 0;
            bool part = false;
            while (reader.TryRead(ref raw))
            {
                if (part = _withdrawn) break;
                worker.Process(raw);
                if ((++turn & 1023) != 0) continue;
                if (ct.IsCancellationRequested) return;
                WaitForRoom(ct);
                if (Environment.TickCount64 < nextProgress) continue;
                nextProgress = Environment.TickCount64 + 1000;
                Answer("job progress", w => Progress(w, job, worker, reader, size));
            }
            worker.Finish();
            if (worker.FirstFault is { } fault) _stderr.WriteLine($"sensor: job {job.Id}: {fault}");
            WorkerCounters c = worker.Counters;
            _sink.FlushEvents();
            // what was found up to there stays, and the host hears how far that is
            Answer(part ? "job cancelled" : "job done", w =>
            {
                Progress(w, job, worker, reader, part ? size : 0);
                w.Number("records"u8, c.Eve.Records);
                w.Fraction("seconds"u8, (Clock.Now - started) / 1e6);
                if (c.Decode.Packets > 0)
                {
                    w.Time("first_packet"u8, c.FirstTime);
                    w.Time("last_packet"u8, c.LastTime);
                }
                w.Bool("truncated"u8, reader.TruncatedAt >= 0);
                if (reader.TruncatedAt >= 0)
                {
                    w.Number("truncated_at"u8, reader.TruncatedAt);
                    w.Text("reason"u8, reader.TruncatedReason ?? "");
                }
            });
            _sink.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CaptureException)
        {
            Answer("job failed", w =>
            {
                w.Text("job"u8, job.Id);
                w.Text("reason"u8, e.Message);
            });
        }
    }

    private static void Progress(EveWriter w, SensorJob job, Worker worker, PcapReader reader, long size)
    {
        w.Text("job"u8, job.Id);
        w.Number("packets"u8, worker.Counters.Decode.Packets);
        w.Number("bytes"u8, worker.Counters.Decode.Bytes);
        w.Number("alerts"u8, worker.Counters.Detect.Alerts);
        if (size > 0) w.Number("percent"u8, Math.Min(99, reader.BytesRead * 100 / size));
    }
}
