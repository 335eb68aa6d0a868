using System.Globalization;
using System.IO.Compression;
using Appliance.Tests;

namespace Appliance.Bench;

/// <summary>The packet engine beside the engine it stands in for: same capture, same rules, one thread each, in turn.</summary>
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
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {packets} packets, {octets / 1e6:0.0} MB; medians of {options.Runs}; ratio: ours to the peer's"));
            Console.WriteLine($"  {"rules",-16} {"engine",-6} {"load CPU",9} {"busy CPU",9} {"packets/s",10} {"Gbit/s",7} {"peak MiB",9} {"alerts",7} {"recall",7}");
            foreach (var (name, rules) in RuleSets(options, folder))
                await CompareAsync(options, name, rules, packets, octets);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(BenchOptions options, string name, string? rules, long packets, long octets)
    {
        var ours = new List<EngineRun>();
        var theirs = new List<EngineRun>();
        for (var run = 0; run < options.Runs; run++)
        {
            if (options.Peer is { } peer)
                theirs.Add(await EngineRun.OfAsync(peer, options.Capture!, rules));
            ours.Add(await EngineRun.OfAsync($"{BenchHost.Cirt} sensor", options.Capture!, rules));
        }

        Row("ours", ours, theirs.Count > 0 ? ours[^1].RecallOf(theirs[^1]) : null);
        if (theirs.Count == 0)
            return;
        Row("peer", theirs, null);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {name,-16} {"ratio",-6} {Ratio(r => r.LoadCpu),9:0.00} {Ratio(r => r.BusyCpu),9:0.00} {Ratio(r => 1 / r.BusyTime),10:0.00} {"",7} {Ratio(r => r.PeakMemory),9:0.00}"));

        void Row(string who, List<EngineRun> runs, double? recall) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {name,-16} {who,-6} {Median(runs, r => r.LoadCpu),9:0.00} {Median(runs, r => r.BusyCpu),9:0.00} {packets / Median(runs, r => r.BusyTime),10:0} {octets * 8 / 1e9 / Median(runs, r => r.BusyTime),7:0.00} {Median(runs, r => r.PeakMemory),9:0} {runs[^1].Alerts.Count,7} {recall,7:0.000}"));

        double Ratio(Func<EngineRun, double> of) => Median(ours, of) / Median(theirs, of);
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
