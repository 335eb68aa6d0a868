using System.Globalization;
using System.Text;
using System.Text.Json;
using Appliance.Tests;

namespace Appliance.Bench;

/// <summary>The packet engine's records beside those of the engine it stands in for, over the kit's captures: in one merged capture, and each by itself.</summary>
internal static class AgreementBench
{
    private static readonly string[] s_fast = ["-k", "none", "--runmode", "single"];

    public static async Task RunAsync(BenchOptions options)
    {
        string? kit = options.Kit is { } given ? Path.Combine(given, "sensing") : Kit.Find("sensing");
        if (kit is null || !Directory.Exists(kit))
        {
            Console.WriteLine($"  Not run: the conformance kit sensing is absent. Give --kit DIR or set {Kit.Variable} to the directory that holds it.");
            return;
        }

        string folder = Directory.CreateDirectory(Checkout.At("artifacts", "conformance")).FullName;
        var table = new StringBuilder();
        await CasesAsync(kit, folder, table);
        if (options.Peer is null)
            Say(table, "Agreement was not measured: give a Suricata 7.0.10 as --peer COMMAND.");
        else
            await CompareAsync(kit, folder, options, table);
        await File.WriteAllTextAsync(Path.Combine(folder, "table.txt"), table.ToString());
        Console.WriteLine($"  Written to {folder}: table.txt, and each difference in differences-*.tsv");
    }

    /// <summary>The kit's cases, judged by the runner that came with it.</summary>
    private static async Task CasesAsync(string kit, string folder, StringBuilder table)
    {
        string runner = Path.Combine(kit, "..", "..", "tools", "verify-run"), report = Path.Combine(folder, "cases.json");
        if (!File.Exists(runner))
        {
            Say(table, $"The kit's cases were not run: {runner} is absent.");
            return;
        }

        File.Delete(report);
        using (var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(runner, ["--engine", $"{BenchHost.Cirt} sensor", "--cases", Path.Combine(kit, "verify", "tests"), "--list", Path.Combine(kit, "verify", "list.txt"), "--json", report]) { RedirectStandardOutput = true })!)
        {
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
        }

        using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(report));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().Select(c => (Area: Word(c, "area"), Name: Word(c, "case"), Result: Word(c, "result"), Reason: Word(c, "reason"))).ToList();
        Say(table, $"{"cases of",-34} {"passed",7} {"failed",7}");
        foreach (var area in cases.GroupBy(c => c.Area).OrderBy(g => g.Key, StringComparer.Ordinal))
            Say(table, $"{area.Key,-34} {area.Count(c => c.Result == "passed"),7} {area.Count(c => c.Result == "failed"),7}");
        Say(table, $"{"all",-34} {cases.Count(c => c.Result == "passed"),7} {cases.Count(c => c.Result == "failed"),7}");
        foreach (var failed in cases.Where(c => c.Result == "failed"))
            Say(table, $"  {failed.Name}: {failed.Reason.ReplaceLineEndings(" ")}");
    }

    private static async Task CompareAsync(string kit, string folder, BenchOptions options, StringBuilder table)
    {
        var peer = new PeerRuns(options.Peer!, Path.Combine(folder, "peer"));
        string rules = Path.Combine(kit, "rules"), captures = Path.Combine(kit, "pcaps");
        string[] more = ["--set", $"classification-file={Path.Combine(rules, "classification.config")}", "--set", $"reference-config-file={Path.Combine(rules, "reference.config")}"];
        string merged = await MergedAsync(kit, folder);
        List<(string Name, string? Rules)> sets = SensorBench.RuleSets(options, folder);
        if (options.Events is { } events)
            sets.Add(("events", events));
        foreach (var (name, set) in sets)
        {
            string ours = await OursAsync(folder, $"merged-{name}", merged, set, more, []);
            List<string> logs = [];
            for (int run = 1; run <= (set is null ? 1 : Math.Min(options.Runs, 3)); run++)
                logs.Add(await peer.OfAsync(merged, set, run, more));
            var agreement = new Agreement();
            agreement.Add("merged", logs, Path.Combine(ours, "eve.json"), type => set is null || type == "alert");
            await ReportAsync(table, folder, $"merged, rules {name}", $"differences-merged-{name}.tsv", agreement);
        }

        var each = Captures.Of(captures);
        foreach (var (name, set) in sets)
        {
            string ours = await OursAsync(folder, $"each-{name}", captures, set, more, ["--each", "--pcap-file-recursive"]);
            string theirs = await peer.OfEachAsync(captures, each, set, more);
            var agreement = new Agreement();
            foreach (string capture in each)
                agreement.Add(capture, [Path.Combine(theirs, capture, "eve.json")], Path.Combine(ours, capture, "eve.json"), type => set is null || type == "alert");
            await ReportAsync(table, folder, $"{each.Count} captures each by itself, rules {name}", $"differences-each-{name}.tsv", agreement);
        }
    }

    private static async Task<string> OursAsync(string folder, string name, string captures, string? rules, string[] more, string[] how)
    {
        string place = Path.Combine(folder, "ours", name);
        if (Directory.Exists(place))
            Directory.Delete(place, recursive: true);
        Directory.CreateDirectory(place);
        await PeerRuns.RunAsync($"{BenchHost.Cirt} sensor", ["-r", captures, "-l", place, .. s_fast, .. rules is null ? (string[])["--disable-detection"] : ["-S", rules], .. more, .. how]);
        return place;
    }

    /// <summary>The Ethernet captures of the kit in one file, made once by the tool beside the kit.</summary>
    private static async Task<string> MergedAsync(string kit, string folder)
    {
        string merged = Path.Combine(folder, "merged.pcap");
        if (!File.Exists(merged))
            await PeerRuns.RunAsync(Path.Combine(kit, "..", "..", "tools", "make-bench-pcap"), [merged, "--mb", "40", "--public-share", "1", "--public", Path.Combine(kit, "pcaps")]);
        return merged;
    }

    private static async Task ReportAsync(StringBuilder table, string folder, string title, string file, Agreement agreement)
    {
        Say(table, "");
        Say(table, $"{title,-44} {"peer",8} {"ours",8} {"missing",8} {"extra",8} {"recall",7} {"precision",9}");
        foreach (var (type, t) in agreement.Types.OrderByDescending(t => t.Value.Theirs))
            Say(table, string.Create(CultureInfo.InvariantCulture, $"  {type,-42} {t.Theirs,8} {t.Ours,8} {t.Missing,8} {t.Extra,8} {t.Recall,7:0.0000} {t.Precision,9:0.0000}"));
        await File.WriteAllLinesAsync(Path.Combine(folder, file), agreement.Differences);
    }

    private static void Say(StringBuilder table, string line)
    {
        Console.WriteLine("  " + line);
        table.AppendLine(line);
    }

    private static string Word(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
}
