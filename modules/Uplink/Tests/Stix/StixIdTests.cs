using System.Text.Json.Nodes;
using Appliance.Uplink.Stix;
using Xunit;

namespace Appliance.Uplink.Tests.Stix;

public sealed class StixIdTests
{
    // RFC 9562, appendix A.4.
    [Fact]
    public void Version_5_is_the_one_of_the_standard() =>
        Assert.Equal(new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"), StixId.Version5(new("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));

    // The id that OASIS's own library gives this address.
    [Fact]
    public void Observable_gets_the_id_that_every_producer_gives_it() =>
        Assert.Equal("ipv4-addr--dc63603e-e634-5357-b239-d4b562bc5445", StixId.Observable("ipv4-addr", new JsonObject { ["value"] = "177.60.40.7" }));

    [Theory]
    [InlineData("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", true)]
    [InlineData("x-mitre-tactic--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", true)]
    [InlineData("indicator-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", false)]
    [InlineData("Indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", false)]
    [InlineData("indicator--8e2e2d2b", false)]
    [InlineData("", false)]
    public void Id_is_type_and_uuid(string id, bool valid) => Assert.Equal(valid, StixId.IsValid(id, out _));

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", true)]
    [InlineData("2026-01-31T12:00:00.1Z", true)]
    [InlineData("2026-01-31T12:00:00.123456Z", true)]
    [InlineData("2026-01-31T12:00:00.123456789012Z", true)]
    [InlineData("2016-12-31T23:59:60Z", true)]
    [InlineData("2026-01-31T12:00:00.Z", false)]
    [InlineData("2026-01-31T12:00:00", false)]
    [InlineData("2026-01-31T12:00:00+00:00", false)]
    [InlineData("2026-01-31 12:00:00Z", false)]
    [InlineData("2026-02-31T12:00:00Z", false)]
    [InlineData("yesterday", false)]
    [InlineData("", false)]
    public void Time_is_utc_with_a_z(string text, bool valid) => Assert.Equal(valid, StixTime.TryRead(text, out _));
}
