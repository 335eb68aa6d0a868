using System.Text;
using System.Text.Json;
using Appliance.Fuzz.Targets;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Detect.Thresholds;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Xunit;

namespace Appliance.Fuzz;

/// <summary>What people and hosts write: rules, configurations, settings, jobs. Refused by name, never by a crash.</summary>
[Collection("one at a time")]
public sealed class TextTests
{
    private const int Sample = 300, Long = 30_000;

    private static int Budget => Campaign.IsLong ? Long : Sample;

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static List<byte[]> Seeds(string target, params string[] texts) => [.. Corpus.Of(target), .. texts.Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Changed_rules_are_read_or_refused_and_what_is_read_can_be_compiled()
    {
        List<byte[]> seeds = [.. EventRules.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)];
        if (Captures.Kit is { } kit && Directory.Exists(Path.Combine(kit, "verify")))
            seeds.AddRange(Directory.EnumerateFiles(Path.Combine(kit, "verify"), "*.rules", SearchOption.AllDirectories).SelectMany(File.ReadLines).Where(l => l.Length is > 20 and < 2000 && l[0] != '#').Select(Encoding.UTF8.GetBytes));
        byte[][] words = [.. KeywordTable.Names.Select(n => Encoding.ASCII.GetBytes(n + ":")), .. "!|;:,<>-=$HOME_NET,relative,little,0x,\"".Split(',').Select(Encoding.ASCII.GetBytes)];
        Assert.Empty(new Campaign("rules", seeds) { Budget = Budget, Words = words }.Run((bytes, features) =>
        {
            var names = new NameTable();
            var parser = new RuleParser(new RuleVariables(), new Classification(), names);
            var rules = new List<Rule>();
            var faults = new List<RuleFault>();
            parser.Parse(new StringReader(Text(bytes)), "r", rules, faults);
            foreach (RuleFault fault in faults) features.Add(HashCode.Combine(fault.Keyword, fault.Reason.Length));
            using var set = new Sensing.Engine.Detect.RuleSet(rules, faults, names, false);
            features.Count("loaded", set.Loaded);
        }));
    }

    [Fact]
    public void Changed_configurations_are_read_or_refused()
    {
        List<byte[]> seeds = Seeds("yaml", "%YAML 1.1\n---\nvars:\n  address-groups:\n    HOME_NET: \"[10.0.0.0/8]\"\noutputs:\n  - eve-log:\n      enabled: yes\n      types: [ alert, {http: {extended: yes}} ]\nstream:\n  memcap: 64mb\n  depth: |\n    x\n");
        if (Captures.Kit is { } kit && Directory.Exists(Path.Combine(kit, "verify")))
            seeds.AddRange(Directory.EnumerateFiles(Path.Combine(kit, "verify"), "*.yaml", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length < 20_000).Select(File.ReadAllBytes));
        byte[][] words = [.. "- |: |[|]|{|}|\"|'|#|\n|  |\t|include: |&a |>|yes|\n- - - ".Split('|').Select(Encoding.ASCII.GetBytes)];
        Assert.Empty(new Campaign("yaml", seeds) { Budget = Budget, Words = words }.Run((bytes, features) =>
        {
            try
            {
                YamlNode root = YamlReader.Read(Text(bytes), "y");
                features.Count("unknown", ConfigurationKeys.Sort(root).Unknown.Count);
                root.Map?.Remove("classification-file");
                root.Map?.Remove("threshold-file");
                Configuration.Build(new SensorArguments(), root);
            }
            catch (Exception e) when (e is YamlException or RuleException)
            {
                // refused by name: what a wrong file is for
                features.Add(e.Message.Length);
            }
        }));
    }

    [Fact]
    public void Changed_settings_jobs_and_thresholds_are_read_or_refused()
    {
        string path = Path.GetTempFileName();
        List<byte[]> seeds = Seeds("settings", "{\"home_networks\":[\"192.0.2.0/24\"],\"variables\":{\"address\":{\"A\":\"any\"},\"port\":{\"P\":\"80\"}},\"interfaces\":[{\"name\":\"eth1\",\"threads\":1,\"promiscuous\":true}],\"memcaps_mib\":{\"flow\":1},\"budgets_mib\":{\"spool\":1},\"stats_interval_seconds\":10}",
            "{\"id\":\"a\",\"kind\":\"extract\",\"from\":\"2026-11-21T18:50:00Z\",\"to\":\"2026-11-21T18:52:00Z\",\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"::1\",\"src_port\":1,\"proto\":\"TCP\"}",
            "suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.1,!10.0.0.0/8]\nthreshold gen_id 1, sig_id 3, type both, track by_rule, count 3, seconds 60\nrate_filter gen_id 1, sig_id 4, track by_dst, count 1, seconds 1, new_action drop, timeout 10\n");
        Assert.Empty(new Campaign("settings", seeds) { Budget = Budget }.Run((bytes, features) =>
        {
            File.WriteAllBytes(path, bytes);
            try
            {
                SensorFolderSettings settings = SensorFolderSettings.Read(path);
                var variables = new RuleVariables();
                settings.ApplyTo(variables);
                foreach (string name in variables.Addresses.Keys) variables.AddressesOf("$" + name);
                foreach (string name in variables.Ports.Keys) variables.PortsOf("$" + name);
            }
            catch (Exception e) when (e is JsonException or FormatException or RuleException)
            {
                features.Add(e.Message.Length);
            }
            if (SensorJob.Read(path, out string? fault) == null) features.Add(fault!.Length);
            var faults = new List<RuleFault>();
            new SuppressionList().Load(path, new RuleVariables(), faults);
            features.Count("faults", faults.Count);
        }));
        File.Delete(path);
    }
}
