using Appliance.Contracts;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Tests.Engine;
using Xunit;

namespace Appliance.Sensing.Tests.Module;

public sealed class IndicatorRulesTests
{
    [Theory]
    [InlineData("domain", " Evil.Example. ", "evil.example")]
    [InlineData("ipv4", "192.0.2.9", "192.0.2.9")]
    [InlineData("ipv4", "192.0.2.9/24", "192.0.2.0/24")]
    [InlineData("ipv4_cidr", "192.0.2.9/32", "192.0.2.9")]
    [InlineData("ipv6", "2001:0DB8::9", "2001:db8::9")]
    [InlineData("ipv6_cidr", "2001:db8:ffff::/33", "2001:db8:8000::/33")]
    [InlineData("md5", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("url", "http://evil.example/a?b=\"c;d\"", "http://evil.example/a?b=\"c;d\"")]
    public void Value_has_one_form(string type, string value, string key) => Assert.Equal(key, IndicatorKeys.Of(type, value));

    [Theory]
    [InlineData("domain", "a\"; sid:1; msg:\"x")]
    [InlineData("domain", "localhost")]
    [InlineData("ipv4", "any any -> any any")]
    [InlineData("ipv4", "10.0.0.0/4")]
    [InlineData("ipv6", "fe80::1%eth0")]
    [InlineData("url", "file:///etc/passwd")]
    [InlineData("sha256", "aa")]
    [InlineData("email", "a@evil.example")]
    public void Value_that_is_not_what_its_type_says_is_not_looked_for(string type, string value) => Assert.Null(IndicatorKeys.Of(type, value));

    [Fact]
    public void What_was_seen_finds_the_networks_around_it_and_the_names_above_it()
    {
        Assert.Contains("192.0.2.0/24", IndicatorKeys.Around(new("ipv4", "192.0.2.200")));
        Assert.Contains("192.0.0.0/8", IndicatorKeys.Around(new("ipv4", "192.0.2.200")));
        Assert.Contains("2001:db8::/32", IndicatorKeys.Around(new("ipv6", "2001:db8::1")));
        Assert.Equal(["a.b.evil.example", "b.evil.example", "evil.example"], IndicatorKeys.Around(new("domain", "A.b.Evil.example.")));
    }

    [Fact]
    public void All_kinds_become_rules_that_the_engine_takes_and_a_set_costs_one()
    {
        Observable[] given =
        [
            new("domain", "evil.example"), new("domain", "other.example"), new("ipv4", "192.0.2.9"), new("ipv6", "2001:db8::9"), new("ipv4_cidr", "198.51.100.0/24"),
            new("md5", new string('a', 32)), new("sha1", new string('b', 40)), new("sha256", new string('c', 64)), new("url", "http://evil.example/a?b=\"c;d\""), new("url", "https://[2001:db8::1]/x"),
        ];
        var (files, count) = IndicatorRules.Of(given.Select(static (o, i) => new IndicatorRow(9_100_000 + i, o.Type, IndicatorKeys.Of(o.Type, o.Value)!)));
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "rules"));
        foreach (var (name, body) in files)
            File.WriteAllText(Path.Combine(folder.Path, name), body);
        var rules = Path.Combine(folder.Path, "rules");
        using var set = RuleLoading.Load([(Path.Combine(rules, "indicators.rules"), "indicators.rules")], new RuleVariables(), new Classification(), true, new RuleLoadOptions { Beside = rules });
        Assert.Empty(set.Faults);
        Assert.Equal((10, 10), (count, set.Loaded));
        Assert.Equal("evil.example\nother.example\n", files["rules/indicators-domain.lst"]);
        // Each set is found again by the sid of its rule.
        Assert.Equal(["address", "domain", "domain", "domain", "domain", "md5", "sha1", "sha256"], set.Rules.Where(r => r.Sid < 9_100_000).OrderBy(r => r.Sid).Select(r => IndicatorRules.KindOf(1, r.Sid)!));
        Assert.Null(IndicatorRules.KindOf(1, 9_100_000));
    }

    [Fact]
    public void Nothing_to_look_for_is_no_file() => Assert.Empty(IndicatorRules.Of([]).Files);
}
