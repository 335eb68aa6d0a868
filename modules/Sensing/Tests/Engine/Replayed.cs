using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>A capture run through the whole engine, and the records that came out.</summary>
internal sealed record Replayed(int Exit, List<JsonElement> Records, string Log)
{
    public static Task<Replayed> Of(PacketForge forge, string rules, params string[] more) => Of(forge.ToArray(), rules, more);

    public static Task<Replayed> Of(byte[] capture, string rules, params string[] more) => Configured(capture, rules, null, more);

    /// <summary>With further files beside the capture, by name; "suricata.yaml" among them is the configuration. FOLDER in any text or argument stands for where they lie.</summary>
    public static async Task<Replayed> Configured(byte[] capture, string rules, Dictionary<string, string>? files, params string[] more)
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, text) in files ?? []) await File.WriteAllTextAsync(Path.Combine(folder.Path, name), text.Replace("FOLDER", folder.Path, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        rules = rules.Replace("FOLDER", folder.Path, StringComparison.Ordinal);
        more = [.. more.Select(m => m.Replace("FOLDER", folder.Path, StringComparison.Ordinal)), .. files != null && files.ContainsKey("suricata.yaml") ? (string[])["-c", Path.Combine(folder.Path, "suricata.yaml")] : []];
        string pcap = Path.Combine(folder.Path, "in.pcap"), ruleFile = Path.Combine(folder.Path, "test.rules");
        await File.WriteAllBytesAsync(pcap, capture, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(ruleFile, rules, TestContext.Current.CancellationToken);
        var log = new StringWriter();
        string[] args = ["-r", pcap, "-l", folder.Path, "--set", "vars.address-groups.HOME_NET=[192.0.2.0/24]", .. rules.Length > 0 ? (string[])["-S", ruleFile] : ["--disable-detection"], .. more];
        int exit = await SensorProgram.RunAsync(args, log, log, TestContext.Current.CancellationToken);
        string eve = Path.Combine(folder.Path, "eve.json");
        List<JsonElement> records = File.Exists(eve) ? File.ReadLines(eve).Select(l => JsonDocument.Parse(l).RootElement).ToList() : [];
        return new Replayed(exit, records, log.ToString());
    }

    public List<JsonElement> Of(string type) => Records.Where(r => r.GetProperty("event_type").GetString() == type).ToList();

    public int[] Sids => Of("alert").Select(a => a.GetProperty("alert").GetProperty("signature_id").GetInt32()).Order().ToArray();
}
