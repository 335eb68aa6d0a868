using System.Globalization;
using System.IO.Compression;
using Appliance.Tests;

namespace Appliance.Bench;

/// <summary>The packet engine beside the engine it stands in for: same capture, same rules, in turn, with one thread and with two.</summary>
internal static class SensorBench
{
    public static async Task RunAsync(BenchOptions options)
    {
        if (options.Capture is null || !File.Exists(options.Capture))
        {
            Console.WriteLine("  Not run: give a capture with --capture FILE, and a Suricata to compare with as --peer COMMAND.");
            return;
        }

        string folder = Directory.CreateTempSubdirectory("cirt-bench-").FullName;
        try
        {
            var (packets, octets) = CaptureSize(options.Capture);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {packets} packets, {octets / 1e6:0.0} MB; medians of {options.Runs}; ratio: ours to the peer's; load: cold with one thread, from the kept patterns with two"));
            Console.WriteLine($"  {"rules",-12} {"threads",7} {"engine",-6} {"load CPU",9} {"busy CPU",9} {"packets/s",10} {"Gbit/s",7} {"peak MiB",9} {"alerts",7} {"recall",7}");
            foreach (var (name, rules) in RuleSets(options, folder))
                await CompareAsync(options, name, rules, packets, octets, folder);
            await GrowAsync(options, folder, packets);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One thread and then two, ours and the peer's in turn. Ours keeps its compiled patterns in a folder of the pair's own, so that its second start finds them.</summary>
    private static async Task CompareAsync(BenchOptions options, string name, string? rules, long packets, long octets, string folder)
    {
        var ours = new Dictionary<int, List<EngineRun>> { [1] = [], [2] = [] };
        var theirs = new Dictionary<int, List<EngineRun>> { [1] = [], [2] = [] };
        for (var run = 0; run < options.Runs; run++)
        {
            string kept = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{run}"));
            foreach (int threads in (int[])[1, 2])
            {
                if (options.Peer is { } peer)
                    theirs[threads].Add(await EngineRun.OfAsync(peer, options.Capture!, rules, "--runmode", threads == 1 ? "single" : "autofp"));
                ours[threads].Add(await OursAsync(options.Capture!, rules, threads, kept));
            }
        }

        foreach (int threads in (int[])[1, 2])
        {
            Row(threads, "ours", ours[threads], theirs[threads].Count > 0 ? ours[threads][^1].RecallOf(theirs[threads][^1]) : null);
            if (theirs[threads].Count == 0)
                continue;
            Row(threads, "peer", theirs[threads], null);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {name,-12} {threads,7} {"ratio",-6} {Ratio(threads, r => r.LoadCpu),9:0.00} {Ratio(threads, r => r.BusyCpu),9:0.00} {Ratio(threads, r => 1 / r.BusyTime),10:0.00} {"",7} {Ratio(threads, r => r.PeakMemory),9:0.00}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-12} two threads to one: ours {Gain(ours):0.00}{(theirs[1].Count > 0 ? $", peer {Gain(theirs):0.00}" : "")} times the packets/s"));

        void Row(int threads, string who, List<EngineRun> runs, double? recall) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {name,-12} {threads,7} {who,-6} {Median(runs, r => r.LoadCpu),9:0.00} {Median(runs, r => r.BusyCpu),9:0.00} {packets / Median(runs, r => r.BusyTime),10:0} {octets * 8 / 1e9 / Median(runs, r => r.BusyTime),7:0.00} {Median(runs, r => r.PeakMemory),9:0} {runs[^1].Alerts.Count,7} {recall,7:0.000}"));

        double Ratio(int threads, Func<EngineRun, double> of) => Median(ours[threads], of) / Median(theirs[threads], of);

        static double Gain(Dictionary<int, List<EngineRun>> runs) => Median(runs[1], r => r.BusyTime) / Median(runs[2], r => r.BusyTime);
    }

    private static Task<EngineRun> OursAsync(string capture, string? rules, int threads, string kept) =>
        EngineRun.OfAsync($"{BenchHost.Cirt} sensor", capture, rules, ["--data-dir", kept, .. threads == 1 ? (string[])["--runmode", "single"] : ["--runmode", "autofp", "--threads", "2"]]);

    /// <summary>Does a packet cost more in a longer capture? The first fifth beside the whole, without rules.</summary>
    private static async Task GrowAsync(BenchOptions options, string folder, long packets)
    {
        string fifth = Path.Combine(folder, "fifth.pcap");
        long few = CopyHead(options.Capture!, fifth, packets / 5);
        EngineRun part = await OursAsync(fifth, null, 1, folder), whole = await OursAsync(options.Capture!, null, 1, folder);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  cost per packet without rules: {part.BusyCpu / few * 1e6:0.00} microseconds and {part.PeakMemory:0} MiB over {few} packets, {whole.BusyCpu / packets * 1e6:0.00} and {whole.PeakMemory:0} over {packets}"));
    }

    private static long CopyHead(string capture, string to, long packets)
    {
        using FileStream from = File.OpenRead(capture), into = File.Create(to);
        var head = new byte[24];
        from.ReadExactly(head);
        into.Write(head);
        var record = new byte[1 << 18];
        long copied = 0;
        for (; copied < packets && from.ReadAtLeast(record.AsSpan(0, 16), 16, throwOnEndOfStream: false) == 16; copied++)
        {
            var length = BitConverter.ToInt32(record, 8);
            from.ReadExactly(record, 16, length);
            into.Write(record, 0, 16 + length);
        }

        return copied;
    }

    private static double Median(List<EngineRun> runs, Func<EngineRun, double> of) => runs.Select(of).Order().ElementAt(runs.Count / 2);

    /// <summary>None, and the rule sets of the conformance kit where there is one, or the file asked for.</summary>
    internal static List<(string Name, string? Rules)> RuleSets(BenchOptions options, string folder)
    {
        List<(string, string?)> sets = [("none", null)];
        if (options.Rules is { } asked)
            sets.Add((Path.GetFileName(asked), asked));
        else if (Kit.Find("sensing/rules") is { } kit)
        {
            foreach (string file in Directory.EnumerateFiles(kit, "*.rules*").Order(StringComparer.Ordinal))
                sets.Add((Path.GetFileName(file).Split('.')[0], Plain(file, folder)));
        }

        return sets;
    }

    private static string Plain(string file, string folder)
    {
        if (!file.EndsWith(".gz", StringComparison.Ordinal))
            return file;
        string plain = Path.Combine(folder, Path.GetFileNameWithoutExtension(file));
        using var packed = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using FileStream to = File.Create(plain);
        packed.CopyTo(to);
        return plain;
    }

    /// <summary>Counts the packets of a classic capture of this machine's byte order.</summary>
    private static (long Packets, long Octets) CaptureSize(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var reader = new BinaryReader(file);
        if (reader.ReadUInt32() is not (0xa1b2c3d4 or 0xa1b23c4d))
            throw new InvalidOperationException($"{path} is not a classic capture in little-endian order: convert it first");
        file.Position = 24;
        long packets = 0, octets = 0;
        while (file.Position + 16 <= file.Length)
        {
            file.Seek(8, SeekOrigin.Current);
            uint captured = reader.ReadUInt32();
            file.Seek(4L + captured, SeekOrigin.Current);
            packets++;
            octets += captured;
        }

        return (packets, octets);
    }
}
