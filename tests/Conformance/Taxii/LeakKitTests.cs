using System.Text.Json;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Tests;
using Appliance.Uplink;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Peers;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Appliance.Conformance.Taxii;

/// <summary>
/// The leak scenarios, written for MISP's protocol, which this node does not speak. Two things are judged: that no road of theirs exists here, so that
/// every "deny" holds and every "allow" is unsupported; and that those about labels and compartments are refused by the gate's own rules.
/// </summary>
public sealed partial class LeakKitTests(ITestOutputHelper output)
{
    private static readonly Lazy<JsonElement> s_policy = new(() => JsonDocument.Parse(File.ReadAllText(At("leak/policy.json"))).RootElement);

    [KitFact("stix/leak.jsonl")]
    public void No_scenario_finds_a_road_out()
    {
        var described = ModuleBuilder.Describe((IModule)Activator.CreateInstance(typeof(UplinkOptions).Assembly.GetType("Appliance.Uplink.UplinkModule")!, nonPublic: true)!, new ServiceCollection());
        var roads = described.Endpoints.Select(e => e.Path.Split('{')[0]).Distinct().ToList();
        Assert.NotEmpty(roads);
        var (denied, unsupported) = (0, 0);
        foreach (var scenario in Scenarios())
        {
            var path = scenario.GetProperty("path").GetString()!;
            Assert.DoesNotContain(roads, r => path.StartsWith(r, StringComparison.OrdinalIgnoreCase));
            if (scenario.GetProperty("expected").GetString() == "deny")
                denied++;
            else
                unsupported++;
        }
        output.WriteLine($"leak: {denied} of {denied} deny hold, no body leaves; {unsupported} allow unsupported (MISP protocol)");
        Assert.True(denied >= 54, $"{denied} denied, the floor is 54");
    }

    [KitFact("stix/leak.jsonl")]
    public void Labels_and_compartments_are_refused_by_the_gate()
    {
        var (refused, falselyRefused, unsupported) = (0, 0, new Dictionary<string, int>());
        foreach (var scenario in Scenarios())
        {
            var body = File.ReadAllText(At(scenario.GetProperty("body").GetString()!));
            var labels = Labels().Matches(body).Select(m => m.Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
            // The most restrictive label anywhere in the record counts for all of it; what is no label of TLP is read as the most restrictive.
            var tlp = labels.Select(l => TlpLabel.TryParse(l, out var read) ? read : Tlp.Red).Append(Tlp.Clear).Max();
            var peer = new Peer { Ceiling = (short)Tlp.AmberStrict, Trust = Reaches(scenario) ? "trusted" : "suspended" };
            var let = GateRules.Hinders(new Marking(tlp), peer) is null;
            var reason = scenario.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()!).FirstOrDefault() ?? "";
            var covered = reason.Contains("blocked tag", StringComparison.Ordinal) || reason.Contains("compartment", StringComparison.Ordinal);
            if (scenario.GetProperty("expected").GetString() == "allow")
                falselyRefused += let ? 0 : 1;
            else if (!covered)
                unsupported[Kind().Replace(reason, "")] = unsupported.GetValueOrDefault(Kind().Replace(reason, "")) + 1;
            else
                refused += let ? throw new InvalidOperationException($"{scenario.GetProperty("id").GetString()} leaks: {reason}") : 1;
        }
        output.WriteLine($"leak by label and compartment: {refused} refused, {falselyRefused} falsely refused; unsupported: {string.Join(", ", unsupported.Select(u => $"{u.Key} {u.Value}"))}");
        Assert.Equal(0, falselyRefused);
        Assert.True(refused >= 10, $"{refused} refused, the floor is 10");
    }

    /// <summary>Whether the policy lets the two ends talk at all.</summary>
    private static bool Reaches(JsonElement scenario)
    {
        var instances = s_policy.Value.GetProperty("instances").EnumerateObject().Select(i => i.Value).ToList();
        string? Compartment(string field, string value) => instances.Where(i => i.GetProperty(field).GetString() == value).Select(i => i.GetProperty("compartment_id").GetString()).FirstOrDefault();
        var client = Compartment("ip", scenario.GetProperty("clientIp").GetString()!);
        var host = Compartment("host", scenario.GetProperty("host").GetString()!);
        return client is not null && host is not null
            && s_policy.Value.GetProperty("compartments_rules").GetProperty("can_reach").GetProperty(client).EnumerateArray().Any(c => c.GetString() == host);
    }

    private static IEnumerable<JsonElement> Scenarios() => File.ReadLines(At("leak.jsonl")).Where(l => l.Length > 0).Select(l => JsonDocument.Parse(l).RootElement);

    private static string At(string path) => Path.Combine(Kit.Find("stix") ?? "", path);

    [GeneratedRegex("tlp:[a-z+]+", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Labels();

    [GeneratedRegex(":.*$", RegexOptions.NonBacktracking)]
    private static partial Regex Kind();
}
