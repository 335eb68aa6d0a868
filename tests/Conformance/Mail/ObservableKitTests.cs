using System.Text;
using System.Text.Json.Nodes;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Xunit;

namespace Appliance.Conformance.Mail;

/// <summary>
/// Traces in text, against two public extractors. Declared are all their types but <c>email_addresses_complete</c> (addresses with comments and quotes), <c>urls</c>
/// of the first (it cuts at a comma what <c>urls_complete</c> keeps; the second's are compared) and the numbers it invents for them. Floors only rise.
/// </summary>
public sealed class ObservableKitTests(ITestOutputHelper output) : IDisposable
{
    private readonly ParserProcess _parser = ParserProcess.Start(Checkout.Cirt);

    private static readonly Dictionary<string, string> s_derived = new()
    {
        ["parse_domain_from_url"] = "url", ["parse_from_url_path"] = "url-path", ["parse_domain_from_email_address"] = "email", ["parse_domain_name_from_xmpp_address"] = "xmpp", ["parse_address_from_cidr"] = "cidr",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _parser.Dispose();

    [KitFact("ioc/cases.jsonl")]
    public async Task Declared_types_are_found_and_nothing_else()
    {
        var (stated, found, returned, right) = (0, 0, 0, 0);
        foreach (var record in Lines("cases.jsonl").Where(r => (string)r["source"]! == "ioc-finder"))
        {
            var report = await AskAsync((string)record["input"]!);
            var expected = Flat(record["expected"]);
            foreach (var (type, values) in expected.Where(e => IsDeclared(e.Key)))
            {
                var ours = Values(report, type, record["options"]);
                stated += values.Count;
                found += values.Count(ours.Contains);
                if (values.Any(v => !ours.Contains(v)))
                    output.WriteLine($"{record["id"]}: {type} misses {string.Join(' ', values.Except(ours).Take(3))}");
            }
            if ((string)record["mode"]! != "exact")
                continue;
            foreach (var type in report["types"]!.AsObject().Select(t => t.Key).Where(IsDeclared))
            {
                var ours = Values(report, type, record["options"]);
                var wanted = expected.GetValueOrDefault(type, []);
                returned += ours.Count;
                right += ours.Count(wanted.Contains);
                if (ours.Any(v => !wanted.Contains(v)))
                    output.WriteLine($"{record["id"]}: {type} adds {string.Join(' ', ours.Except(wanted).Take(3))}");
            }
        }
        Report("recall, first extractor", found, stated, floor: 218);
        Assert.True(returned > 0 && right >= returned * 0.97, $"precision: {right} of {returned}");
        output.WriteLine($"precision, first extractor: {right} of {returned}");
    }

    [KitFact("ioc/cases.jsonl")]
    public async Task Values_are_given_as_they_stand_in_the_text_and_refanged()
    {
        var (right, all, table, tableAll) = (0, 0, 0, 0);
        foreach (var record in Lines("cases.jsonl").Where(r => (string)r["source"]! == "iocextract"))
        {
            var report = await AskAsync((string)record["input"]!);
            var same = Holds(record, report);
            var isTable = ((string)record["id"]!).Contains("test_url_extract/", StringComparison.Ordinal);
            (all, right) = isTable ? (all, right) : (all + 1, right + (same ? 1 : 0));
            (tableAll, table) = isTable ? (tableAll + 1, table + (same ? 1 : 0)) : (tableAll, table);
            if (!same)
                output.WriteLine($"{record["id"]}");
        }
        Report("second extractor, URL table", table, tableAll, floor: 921);
        Report("second extractor, others", right, all, floor: 394);
    }

    [KitFact("ioc/transforms.jsonl")]
    public async Task Text_is_defanged_and_refanged()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("transforms.jsonl"))
        {
            all++;
            var report = await AskAsync((string)record["input"]!);
            right += (string)report[(string)record["op"]! == "defang_data" ? "defanged" : "refanged"]! == (string)record["expected"]! ? 1 : 0;
        }
        Report("transforms", right, all, floor: 32);
    }

    private static bool Holds(JsonNode record, JsonNode report)
    {
        var refanged = (bool?)record["options"]?["refang"] == true;
        List<string> Values(string type) =>
            [.. report["observables"]!.AsArray().Where(o => type switch
            {
                "iocs" => true,
                "ips" => (string)o!["type"]! is "ipv4" or "ipv6",
                "hashes" => (string)o!["type"]! is "md5" or "sha1" or "sha256" or "sha512",
                _ => ObservableReport.Plural((string)o!["type"]!) == type,
            }).Select(o => (string)o![refanged ? "value" : "raw"]!)];
        bool May(List<string> ours) => ours.Count == 0 && (bool?)record["mayBeEmpty"] == true;
        bool All(string rule, Func<List<string>, JsonNode, bool> holds) =>
            record[rule] is not JsonObject stated || stated.All(s => Values(s.Key) is var ours && (May(ours) || holds(ours, s.Value!)));
        return All("first", (ours, want) => ours.Count > 0 && ours[0] == (string)want!)
            && All("count", (ours, want) => ours.Count == (int)want)
            && All("exact", (ours, want) => ours.Order(StringComparer.Ordinal).SequenceEqual(want.AsArray().Select(v => (string)v!).Order(StringComparer.Ordinal)))
            && All("expected", (ours, want) => want.AsArray().All(v => ours.Contains((string)v!)))
            && All("absent", (ours, want) => !want.AsArray().Any(v => ours.Contains((string)v!)));
    }

    private static List<string> Values(JsonNode report, string type, JsonNode? options)
    {
        var dropped = options?.AsObject().Where(o => o.Value is JsonValue v && v.TryGetValue<bool>(out var on) && !on && s_derived.ContainsKey(o.Key)).Select(o => s_derived[o.Key]).ToHashSet() ?? [];
        var values = Flat(report["types"]).GetValueOrDefault(type, []);
        if (dropped.Count == 0 || type is not ("domains" or "ipv4s"))
            return values;
        var kept = report["observables"]!.AsArray().Where(o => ObservableReport.Plural((string)o!["type"]!) == type && !dropped.Contains((string)o["from"]!)).Select(o => (string)o!["value"]!).ToHashSet();
        return [.. values.Where(kept.Contains)];
    }

    private static bool IsDeclared(string type) => type is not ("email_addresses_complete" or "urls" or "encoded_urls" or "yara_rules");

    /// <summary>Attack ids are nested by matrix.</summary>
    private static Dictionary<string, List<string>> Flat(JsonNode? types) => types is null ? [] : types.AsObject().ToDictionary(
        t => t.Key,
        t => t.Value is JsonObject nested ? nested.SelectMany(m => m.Value!.AsArray().Select(v => (string)v!)).ToList() : t.Value!.AsArray().Select(v => (string)v!).ToList());

    private async Task<JsonNode> AskAsync(string text) => JsonNode.Parse(await _parser.AskAsync(Frames.Observables, Encoding.UTF8.GetBytes(text), TimeSpan.FromSeconds(60), Cancel))!;

    private static IEnumerable<JsonNode> Lines(string file) => File.ReadLines(Kit.Require($"ioc/{file}")).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!);

    private void Report(string name, int right, int all, int floor)
    {
        output.WriteLine($"{name}: {right} of {all}");
        Assert.True(right >= floor, $"{name}: {right} of {all}, the floor is {floor}");
    }
}
