using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Tests;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Conformance.Stix;

/// <summary>The STIX kit: judged by what its sources expect. Floors only rise.</summary>
public sealed class StixKitTests(ITestOutputHelper output)
{
    [KitFact("stix/jcs.jsonl")]
    public void Canonical_json_equals_the_vectors()
    {
        var passed = 0;
        foreach (var record in Lines("jcs.jsonl"))
        {
            using var input = JsonDocument.Parse(File.ReadAllBytes(At(Text(record, "input"))));
            var canonical = CanonicalJson.Write(input.RootElement);
            Assert.Equal(File.ReadAllBytes(At(Text(record, "output"))), canonical);
            Assert.Equal(Text(record, "sha256"), Convert.ToHexStringLower(SHA256.HashData(canonical)));
            passed++;
        }
        Report("jcs", passed, passed, floor: 3);
    }

    [KitFact("stix/tlp2.json")]
    public void Marking_definitions_equal_the_published_ones()
    {
        var published = JsonNode.Parse(File.ReadAllText(At("tlp2.json")))!.AsArray();
        var passed = 0;
        foreach (var definition in published)
        {
            Assert.True(TlpMarking.TryRead((string)definition!["id"]!, out var tlp));
            Assert.True(JsonNode.DeepEquals(definition, TlpMarking.Definition(tlp)), (string)definition["name"]!);
            Assert.Equal((string)definition["name"]!, TlpLabel.Of(tlp));
            passed++;
        }
        Report("tlp2", passed, published.Count, floor: 5);
    }

    [KitFact("stix/examples.jsonl")]
    public void Examples_are_taken_and_come_out_as_the_same_value()
    {
        var (passed, cases) = (0, 0);
        foreach (var record in Lines("examples.jsonl"))
        {
            cases++;
            var file = File.ReadAllBytes(At(Text(record, "file")));
            using var document = JsonDocument.Parse(file);
            var objects = Text(record, "rootType") == "bundle" ? Envelope.Read(file, 32, out _)!.Objects : [document.RootElement.GetRawText()];
            var read = objects.Select(o => StixObject.Read(o, 1 << 20, 32)).ToList();
            Assert.All(read, r => Assert.True(r.Faults.Count == 0, $"{Text(record, "file")} {r.Id}: {string.Join("; ", r.Faults)}"));
            foreach (var type in record.GetProperty("types").EnumerateObject())
                Assert.Equal(type.Value.GetInt32(), read.Count(r => r.Type == type.Name));
            Assert.All(objects.Zip(read), pair => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(pair.First), JsonNode.Parse(pair.Second.Raw))));
            passed++;
        }
        Report("examples", passed, cases, floor: 5);
    }

    [KitFact("stix/misp-stix.jsonl")]
    public void Stix_of_another_converter_is_taken_without_loss()
    {
        var (passed, cases, skipped) = (0, 0, 0);
        foreach (var record in Lines("misp-stix.jsonl"))
        {
            if (Text(record, "kind") != "stix21")
            {
                skipped++;
                continue;
            }
            cases++;
            var envelope = Envelope.Read(File.ReadAllBytes(At(Text(record, "file"))), 32, out _)!;
            var read = envelope.Objects.Select(o => StixObject.Read(o, 1 << 20, 32)).ToList();
            Assert.Equal(record.GetProperty("objects").GetInt32(), read.Count);
            Assert.All(read, r => Assert.True(r.Faults.Count == 0, $"{Text(record, "file")} {r.Id}: {string.Join("; ", r.Faults)}"));
            passed++;
        }
        output.WriteLine($"misp-stix: {skipped} of kind misp and stix20 unsupported");
        Report("misp-stix", passed, cases, floor: 3);
    }

    [KitFact("stix/bulk.json")]
    public void Bulk_set_is_read_whole()
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(At("bulk.json")));
        var file = File.ReadAllBytes(At(Text(expected.RootElement, "file")));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var envelope = Envelope.Read(file, 32, out _)!;
        var read = envelope.Objects.Select(o => StixObject.Read(o, 1 << 20, 32)).ToList();
        output.WriteLine($"bulk: {read.Count} objects, {file.Length} bytes in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(expected.RootElement.GetProperty("objects").GetInt32(), read.Count);
        foreach (var type in expected.RootElement.GetProperty("types").EnumerateObject())
            Assert.Equal(type.Value.GetInt32(), read.Count(r => r.Type == type.Name));
        var faulty = read.Where(r => r.Faults.Count > 0).ToList();
        Assert.True(faulty.Count == 0, string.Join('\n', faulty.Take(5).Select(f => $"{f.Id}: {string.Join("; ", f.Faults)}")));
    }

    [KitFact("stix/schemas")]
    public void What_we_write_has_every_property_that_the_schemas_require()
    {
        // The schemas' own "required" lists, read from the kit: a check on ours that does not come from us.
        var required = Directory.GetFiles(At("schemas"), "*.json", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/interop/", StringComparison.Ordinal))
            .Select(f => (Type: Path.GetFileNameWithoutExtension(f), Schema: JsonNode.Parse(File.ReadAllText(f))!))
            .Where(s => s.Schema["required"] is JsonArray)
            .ToDictionary(s => s.Type, s => s.Schema["required"]!.AsArray().Select(r => (string)r!).ToArray());
        var day = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var node = new Node(Guid.Parse("11111111-2222-4333-8444-555555555555"), "CERT-XX", day, day, []);
        var checkedTypes = new HashSet<string>();
        foreach (var kind in (string[])["incident", "advisory"])
        {
            var objects = new BundleBuilder(node, new Draft
            {
                Kind = kind,
                Name = $"{kind}/1",
                Number = "N-1",
                Title = "Title",
                Text = "Text",
                Severity = 1,
                Marking = new(Tlp.Green),
                Created = day,
                Modified = day,
                Traces = [Trace.Read(new("ipv4", "203.0.113.9"))!, Trace.Read(new("url", "http://evil.example/"))!, Trace.Read(new("cve", "CVE-2026-12345"))!, Trace.Read(new("asn", "64500"))!],
            }).Build();
            foreach (var item in objects)
            {
                var type = (string)item["type"]!;
                Assert.All(required.GetValueOrDefault(type, []), r => Assert.True(item.ContainsKey(r), $"{type} lacks {r}"));
                checkedTypes.Add(type);
            }
        }
        Report("written types", checkedTypes.Count(required.ContainsKey), checkedTypes.Count, floor: 10);
    }

    private void Report(string group, int passed, int cases, int floor)
    {
        output.WriteLine($"{group}: {passed} of {cases} passed, floor {floor}");
        Assert.True(passed >= floor, $"{group}: {passed} passed, the floor is {floor}");
    }

    private static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(At(file), Encoding.UTF8).Where(l => l.Length > 0).Select(l => JsonDocument.Parse(l).RootElement);

    private static string At(string path) => Path.Combine(Kit.Require("stix"), path);

    private static string Text(JsonElement value, string name) => value.GetProperty(name).GetString()!;
}
