using System.Text.Json;
using Appliance.Ticketing.Lookups;
using Xunit;

namespace Appliance.Ticketing.Tests;

/// <summary>What can be asked about a trace, and what is taken from an answer.</summary>
public sealed class LookupTests
{
    [Theory]
    [InlineData("ipv4", "45.84.1.2", "45.84.1.2")]
    [InlineData("ipv4_cidr", "45.84.0.0/16", "45.84.0.0")]
    [InlineData("ipv6", "2a0a:1::5", "2a0a:1::5")]
    [InlineData("domain", "Evil-Shop.NET.", "evil-shop.net")]
    [InlineData("domain", "bücher.de", "xn--bcher-kva.de")]
    [InlineData("email", "a@b@evil-shop.net", "evil-shop.net")]
    [InlineData("url", "https://user:secret@www.evil-shop.net:8443/a?b", "www.evil-shop.net")]
    [InlineData("url", "http://45.84.1.2/a", "45.84.1.2")]
    [InlineData("url", "http://[2a0a:1::5]/a", "2a0a:1::5")]
    [InlineData("asn", "AS64500", "64500")]
    public void Trace_is_asked_about_as(string type, string value, string asked)
    {
        var subject = LookupSubject.Of(type, value);
        Assert.Equal(asked, subject?.Name ?? subject?.Address?.ToString() ?? $"{subject?.Number}");
    }

    [Theory]
    [InlineData("ipv4", "10.0.0.1")]
    [InlineData("ipv4", "192.0.2.7")]
    [InlineData("ipv4", "127.1")]
    [InlineData("ipv4", "1")]
    [InlineData("ipv6", "::ffff:10.0.0.1")]
    [InlineData("ipv6", "fe80::1")]
    [InlineData("url", "http://169.254.169.254/latest")]
    [InlineData("url", "mailto:a")]
    [InlineData("url", "not a url")]
    [InlineData("domain", "localhost")]
    [InlineData("domain", "printer.local")]
    [InlineData("domain", "evil.example")]
    [InlineData("domain", "a..b.net")]
    [InlineData("domain", "evil/../../dns.net")]
    [InlineData("domain", "evil.net?x=1")]
    [InlineData("asn", "AS0")]
    [InlineData("asn", "AS99999999999")]
    [InlineData("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Nobody_outside_is_asked_about(string type, string value) => Assert.Null(LookupSubject.Of(type, value));

    [Fact]
    public void Answer_of_a_registry_gives_holder_times_and_the_abuse_contact_below_the_registrar()
    {
        using var answer = JsonDocument.Parse(
            """
            {"objectClassName":"domain","ldhName":"EVIL-SHOP.NET","handle":"1_NET","status":["client hold","active"],
             "events":[{"eventAction":"registration","eventDate":"2026-11-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"2027-11-01T00:00:00Z"},{"eventAction":"other","eventDate":"x"}],
             "nameservers":[{"ldhName":"ns1.evil-shop.net"},{"ldhName":"ns1.evil-shop.net"}],
             "entities":[{"roles":["registrar"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Cheap Names"]]],
               "entities":[{"roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","Abuse desk"],["email",{},"text","abuse@cheap-names.net"]]]}]}]}
            """);
        Assert.Equal(
            ["name=EVIL-SHOP.NET", "handle=1_NET", "registrar=Cheap Names", "abuse=abuse@cheap-names.net", "registered=2026-11-01T00:00:00Z", "expires=2027-11-01T00:00:00Z", "status=client hold", "status=active", "ns=ns1.evil-shop.net"],
            RdapFacts.Of(answer.RootElement).Select(static f => $"{f.Key}={f.Value}"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"entities\":{},\"events\":[1,null,{\"eventAction\":5}],\"status\":[[]],\"nameservers\":[\"x\"],\"ldhName\":7}")]
    [InlineData("{\"entities\":[{\"roles\":[null,\"abuse\"],\"vcardArray\":[\"vcard\",[[],[\"email\"],[\"email\",{},\"text\",[1]],7]]}]}")]
    [InlineData("{\"entities\":[{\"roles\":[\"abuse\"],\"vcardArray\":\"vcard\"},{\"roles\":\"abuse\"}]}")]
    public void Answer_of_another_shape_gives_nothing(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        Assert.Empty(RdapFacts.Of(document.RootElement));
    }

    [Fact]
    public void Hostile_answer_is_bounded_and_has_no_control_characters()
    {
        var deep = "{\"roles\":[\"abuse\"]}";
        for (var level = 0; level < 20; level++)
            deep = "{\"roles\":[\"registrar\"],\"entities\":[" + deep + "]}";
        var flood = string.Join(',', Enumerable.Range(0, 5000).Select(static i => $"\"s{i}\""));
        using var document = JsonDocument.Parse($$"""{"name":"a\u0000\u001b[2J{{new string('x', 5000)}}","status":[{{flood}}],"entities":[{{deep}}]}""");
        var facts = RdapFacts.Of(document.RootElement);
        Assert.InRange(facts.Count, 1, 30);
        Assert.All(facts, static f => Assert.True(f.Value.Length <= 300 && !f.Value.Any(char.IsControl)));
    }
}
