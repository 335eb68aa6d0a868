using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Uplink.Tests.Stix;

public sealed class BundleBuilderTests
{
    private static readonly DateTimeOffset s_day = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);
    private static readonly Node s_node = new(new("11111111-2222-4333-8444-555555555555"), "CERT-XX", s_day, s_day, []);

    [Fact]
    public void Same_draft_gives_the_same_bytes() => Assert.Equal(Bytes(Incident()), Bytes(Incident()));

    [Fact]
    public void Revision_is_a_new_version_of_the_same_objects()
    {
        var first = new BundleBuilder(s_node, Incident()).Build();
        var second = new BundleBuilder(s_node, Incident() with { Title = "Worse than thought", Modified = s_day.AddHours(1) }).Build();

        Assert.Equal(first.Select(Id), second.Select(Id));
        var (one, two) = (first[^1], second[^1]);
        Assert.Equal("incident", Text(one, "type"));
        Assert.Equal(Text(one, "created"), Text(two, "created"));
        Assert.True(string.CompareOrdinal(Text(one, "modified"), Text(two, "modified")) < 0);
    }

    [Theory]
    [InlineData("incident")]
    [InlineData("advisory")]
    public void Every_object_keeps_the_rules_of_the_standard_and_points_only_at_what_is_there(string kind)
    {
        var objects = new BundleBuilder(s_node, Incident() with { Kind = kind }).Build();
        var ids = objects.Select(Id).ToHashSet();
        foreach (var item in objects)
        {
            var read = StixObject.Read(item.ToJsonString(), 1 << 20, 32);
            Assert.Empty(read.Faults);
            Assert.All(read.Refs, r => Assert.Contains(r, ids));
        }
    }

    [Fact]
    public void Marking_stands_on_every_object_that_says_something()
    {
        var amber = TlpMarking.IdOf(Tlp.Amber);
        Assert.All(
            new BundleBuilder(s_node, Incident()).Build().Where(o => Text(o, "type") is not ("marking-definition" or "identity" or "extension-definition")),
            o => Assert.Equal([amber], o["object_marking_refs"]!.AsArray().Select(m => (string)m!)));
    }

    [Fact]
    public void Exercise_says_so_in_its_name_its_label_and_its_extension()
    {
        var main = new BundleBuilder(s_node, Incident() with { Marking = new(Tlp.Green, Pap.Green, Exercise: true) }).Build()[^1];
        Assert.StartsWith("[EXERCISE] ", Text(main, "name"), StringComparison.Ordinal);
        var read = StixObject.Read(main.ToJsonString(), 1 << 20, 32);
        Assert.Equal((Tlp.Green, Pap.Green, true), (read.Marking.Tlp, read.Marking.Pap, read.Marking.Exercise));
    }

    [Fact]
    public void Report_without_anything_technical_points_at_its_author() =>
        Assert.Equal(s_node.IdentityId, (string)new BundleBuilder(s_node, Incident() with { Kind = "advisory", Traces = [] }).Build()[^1]["object_refs"]!.AsArray().Single()!);

    [Fact]
    public void Quotes_in_a_value_do_not_end_the_pattern()
    {
        var url = Trace.Read(new("url", "http://evil.example/?q='or'1'='1"))!;
        Assert.Equal([url.From], PatternReader.Read(url.Pattern()));
    }

    [Theory]
    [InlineData("[ipv4-addr:value = '203.0.113.9']", 1)]
    [InlineData("[ipv4-addr:value='203.0.113.9' OR domain-name:value = 'evil.example']", 2)]
    [InlineData("[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f'] OR [url:value = 'http://evil.example/x']", 2)]
    [InlineData("[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'evil.example']", 0)]
    [InlineData("[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [domain-name:value = 'evil.example']", 0)]
    [InlineData("[domain-name:value LIKE '%evil%']", 0)]
    [InlineData("[ipv4-addr:value = '203.0.113.9'", 0)]
    [InlineData("", 0)]
    public void Pattern_gives_observables_only_when_it_is_a_list_of_them(string pattern, int count) => Assert.Equal(count, PatternReader.Read(pattern).Count);

    private static byte[] Bytes(Draft draft) => [.. new BundleBuilder(s_node, draft).Build().SelectMany(o => CanonicalJson.Write(o))];

    private static string Id(JsonObject value) => Text(value, "id");

    private static string Text(JsonObject value, string name) => value[name]!.GetValue<string>();

    internal static Draft Incident() => new()
    {
        Kind = "incident",
        Name = "incident/0190",
        Number = "INC-2026-00017",
        Title = "Scanning from outside",
        RsitType = "information-gathering/scanner",
        Severity = 2,
        Marking = new(Tlp.Amber, Pap.Amber),
        Created = s_day,
        Modified = s_day,
        FirstSeen = s_day.AddHours(-1),
        Traces =
        [
            .. new Observable[] { new("ipv4", "203.0.113.9"), new("domain", "evil.example"), new("url", "http://evil.example/a"), new("sha256", new string('a', 64)), new("asn", "AS64500"), new("cve", "CVE-2026-12345") }
                .Select(o => Trace.Read(o)!),
        ],
    };
}
