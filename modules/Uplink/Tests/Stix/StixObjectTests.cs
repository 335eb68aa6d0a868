using Appliance.Contracts;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Uplink.Tests.Stix;

public sealed class StixObjectTests
{
    private const string Good =
        """{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-02T00:00:00.000Z","pattern":"[ipv4-addr:value = '203.0.113.9']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}""";

    [Fact]
    public void Good_object_has_no_fault_and_keeps_its_bytes()
    {
        var read = Read(Good);
        Assert.Empty(read.Faults);
        Assert.Equal(Good, System.Text.Encoding.UTF8.GetString(read.Raw));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), read.Version);
        Assert.Equal(Tlp.Amber, read.Marking.Tlp);
    }

    [Theory]
    [InlineData("\"pattern_type\":\"stix\",", "", "pattern_type is missing")]
    [InlineData("2026-01-02T00:00:00.000Z", "2025-01-02T00:00:00.000Z", "modified is before created")]
    [InlineData("\"spec_version\":\"2.1\"", "\"spec_version\":\"2.0\"", "spec_version is not 2.1")]
    [InlineData("\"id\":\"indicator--", "\"id\":\"malware--", "id does not begin with the type")]
    [InlineData("\"pattern_type\"", "\"labels\":[],\"pattern_type\"", "labels is an empty list")]
    [InlineData("\"pattern_type\"", "\"name\":null,\"pattern_type\"", "name is null")]
    [InlineData("\"pattern_type\"", "\"x_big\":9007199254740993,\"pattern_type\"", "x_big is beyond 2^53")]
    [InlineData("\"pattern_type\"", "\"created_by_ref\":\"me\",\"pattern_type\"", "created_by_ref is not an id")]
    [InlineData("\"pattern_type\"", "\"confidence\":101,\"pattern_type\"", "confidence is not 0 to 100")]
    public void Broken_rule_is_named(string part, string instead, string fault) => Assert.Contains(fault, Read(Good.Replace(part, instead, StringComparison.Ordinal)).Faults);

    [Fact]
    public void Unknown_property_and_unknown_type_are_no_fault()
    {
        Assert.Empty(Read(Good.Replace("\"pattern_type\"", "\"x_own\":{\"a\":[1]},\"pattern_type\"", StringComparison.Ordinal)).Faults);
        Assert.Empty(Read(Good.Replace("indicator", "x-acme-thing", StringComparison.Ordinal)).Faults);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("17")]
    [InlineData("{\"type\":\"indicator\"")]
    [InlineData("{\"type\":\"indicator\",\"type\":\"malware\"}")]
    [InlineData("{\"type\":{},\"id\":[]}")]
    [InlineData("{\"type\":\"indicator\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"name\":\"\\ud800\"}")]
    [InlineData("{\"type\":\"bundle\",\"id\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}")]
    public void Nonsense_is_a_fault_and_never_an_exception(string text) => Assert.NotEmpty(Read(text).Faults);

    [Fact]
    public void Fault_that_quotes_a_stranger_s_name_can_be_stored() => Assert.All(
        Read(Good.Replace("\"pattern_type\"", "\"a\\u0000b\":null,\"pattern_type\"", StringComparison.Ordinal)).Faults,
        f => Assert.DoesNotContain('\0', f));

    [Fact]
    public void Depth_and_size_have_limits()
    {
        Assert.NotEmpty(Read(Good.Replace("\"pattern_type\"", $"\"x\":{new string('[', 40)}1{new string(']', 40)},\"pattern_type\"", StringComparison.Ordinal)).Faults);
        Assert.NotEmpty(StixObject.Read(Good, 100, 32).Faults);
    }

    [Theory]
    [InlineData("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp.Red)]
    [InlineData("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp.Red)]
    [InlineData("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp.Clear)]
    [InlineData("marking-definition--00000000-0000-4000-8000-000000000000", Tlp.AmberStrict)]
    public void Marking_is_read_by_its_published_id_and_an_unknown_one_restricts(string id, Tlp tlp) =>
        Assert.Equal(tlp, Read(Good.Replace("\"pattern_type\"", $"\"object_marking_refs\":[\"{id}\"],\"pattern_type\"", StringComparison.Ordinal)).Marking.Tlp);

    [Fact]
    public void Granular_marking_restricts_the_whole() => Assert.Equal(
        Tlp.Red,
        Read(Good.Replace(
            "\"pattern_type\"",
            "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"],\"granular_markings\":[{\"marking_ref\":\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\",\"selectors\":[\"pattern\"]}],\"pattern_type\"",
            StringComparison.Ordinal)).Marking.Tlp);

    private static StixObject Read(string text) => StixObject.Read(text, 1 << 20, 32);
}
