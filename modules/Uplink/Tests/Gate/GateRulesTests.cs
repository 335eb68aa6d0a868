using System.Net;
using Appliance.Contracts;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Peers;
using Xunit;

namespace Appliance.Uplink.Tests.Gate;

public sealed class GateRulesTests
{
    [Fact]
    public void Ceiling_trust_exercise_and_pap_hinder_in_every_combination()
    {
        var checkedCases = 0;
        foreach (var tlp in Enum.GetValues<Tlp>())
            foreach (var pap in Enum.GetValues<Pap>())
                foreach (var exercise in new[] { false, true })
                    foreach (var ceiling in Enum.GetValues<Tlp>().Where(t => t < Tlp.Red))
                        foreach (var trust in new[] { "pending", "trusted", "suspended" })
                            foreach (var takes in new[] { false, true })
                            {
                                var peer = new Peer { Ceiling = (short)ceiling, Trust = trust, TakesExercises = takes };
                                var expected = tlp != Tlp.Red && pap != Pap.Red && trust == "trusted" && tlp <= ceiling && (!exercise || takes);
                                Assert.Equal(expected, GateRules.Hinders(new(tlp, pap, exercise), peer) is null);
                                checkedCases++;
                            }
        Assert.Equal(5 * 4 * 2 * 4 * 3 * 2, checkedCases);
    }

    [Theory]
    [InlineData(Tlp.Clear, Pap.Clear, GateRules.OnePerson)]
    [InlineData(Tlp.Amber, Pap.Amber, GateRules.OnePerson)]
    [InlineData(Tlp.AmberStrict, Pap.Amber, GateRules.FourEyes)]
    [InlineData(Tlp.Red, Pap.Clear, GateRules.Red)]
    [InlineData(Tlp.Green, Pap.Red, GateRules.PapRed)]
    public void Marking_decides_how_many_people_it_takes(Tlp tlp, Pap pap, string rule) => Assert.Equal(rule, GateRules.RuleFor(new(tlp, pap), FourEyesPolicy.AmberStrict));

    [Fact]
    public void Setting_can_ask_for_two_people_always() => Assert.Equal(GateRules.FourEyes, GateRules.RuleFor(new(Tlp.Clear), FourEyesPolicy.Always));

    [Fact]
    public void Removed_peer_gets_nothing() =>
        Assert.NotNull(GateRules.Hinders(new(Tlp.Clear), new Peer { Trust = "trusted", Ceiling = 3, RemovedAt = DateTimeOffset.UnixEpoch }));

    [Theory]
    [InlineData("ipv4", "192.0.2.10", "uplink.withheld.constituent")]
    [InlineData("ipv4", "10.1.2.3", "uplink.withheld.local")]
    [InlineData("ipv4", "172.20.0.1", "uplink.withheld.local")]
    [InlineData("ipv6", "fe80::1", "uplink.withheld.local")]
    [InlineData("ipv6", "::ffff:192.168.0.1", "uplink.withheld.local")]
    [InlineData("domain", "www.ministry.example", "uplink.withheld.constituent")]
    [InlineData("url", "https://www.ministry.example/login", "uplink.withheld.constituent")]
    [InlineData("url", "http://192.0.2.10/x", "uplink.withheld.constituent")]
    [InlineData("url", "http://10.0.0.1/x", "uplink.withheld.local")]
    [InlineData("email", "a@ministry.example", "uplink.withheld.constituent")]
    [InlineData("ipv4", "not an address", "uplink.withheld.unreadable")]
    [InlineData("sha256", "abc", "uplink.withheld.unreadable")]
    [InlineData("passport-number", "X1", "uplink.withheld.unreadable")]
    [InlineData("ipv4", "203.0.113.9", null)]
    [InlineData("domain", "evil.example", null)]
    [InlineData("email", "a@evil.example", null)]
    [InlineData("cve", "CVE-2026-1234", null)]
    public void Observable_of_a_constituent_stays_here(string type, string value, string? reason)
    {
        var (leaves, stays) = new Redaction(new OneConstituent()).Apply([new(type, value)]);
        Assert.Equal(reason is null ? 1 : 0, leaves.Count);
        Assert.Equal(reason, stays.SingleOrDefault()?.ReasonKey);
    }

    [Fact]
    public void Same_value_in_two_spellings_leaves_once() =>
        Assert.Single(new Redaction().Apply([new("domain", "Evil.Example"), new("domain", "evil.example."), new("domain", "evil.example")]).Leaves);

    private sealed class OneConstituent : IConstituency
    {
        private static readonly IPNetwork s_network = IPNetwork.Parse("192.0.2.0/24");

        private readonly ConstituentMatch _match = new(ConstituentId.New(), "Ministry", "");

        public ConstituentMatch? Find(IPAddress address) => s_network.Contains(address) ? _match : null;

        public ConstituentMatch? Find(string name) => name.EndsWith("ministry.example", StringComparison.Ordinal) ? _match : null;

        public Task<ConstituentCard?> FindAsync(Viewer viewer, ConstituentId id, CancellationToken cancel) => Task.FromResult<ConstituentCard?>(null);

        public Task<IReadOnlyList<ConstituentCard>> SearchAsync(Viewer viewer, string words, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<ConstituentCard>>([]);
    }
}
