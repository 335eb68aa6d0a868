using System.Net;
using Appliance.Contracts;
using Appliance.Watch.Desk;
using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Watch.Tests.Desk;

public sealed class ItemMatcherTests
{
    private static readonly ConstituentMatch s_health = new(ConstituentId.New(), "Ministry of Health", "health.example");

    [Theory]
    [InlineData("see 192.0.2.7 and others", "address", "192.0.2.7")]
    [InlineData("see 192[.]0[.]2[.]7", "address", "192.0.2.7")]
    [InlineData("seen at 2001:db8::7.", "address", "2001:db8::7")]
    [InlineData("mail from desk@www.health.example", "domain", "www.health.example")]
    [InlineData("hxxps://health[.]example/login", "domain", "health.example")]
    public void Finds_addresses_and_names_of_ours(string text, string kind, string value)
    {
        var match = Assert.Single(new ItemMatcher(new OneHolder()).Match(text, "", null, ""));
        Assert.Equal((kind, value, "Ministry of Health"), (match.Kind, match.Value, match.Name));
    }

    [Fact]
    public void Link_to_the_source_itself_is_no_finding()
    {
        var matcher = new ItemMatcher(new OneHolder());
        Assert.Empty(matcher.Match("x", "", "https://health.example/1", "https://health.example/feed"));
        Assert.Single(matcher.Match("x", "", "https://health.example/1", "https://other.example/feed"));
    }

    [Theory]
    [InlineData("New Acme VPN hole", "acme vpn", true)]
    [InlineData("AcmeVPNs everywhere", "acme", false)]
    [InlineData("某公司发布OpenSSL漏洞", "OpenSSL", true)]
    [InlineData("微软发布补丁", "微软", true)]
    public void Watch_words_stand_as_words(string text, string word, bool says) => Assert.Equal(says, ItemMatcher.Says(text, word));

    [Fact]
    public void Cves_are_listed_once_in_capitals() => Assert.Equal(["CVE-2026-12345"], ItemMatcher.Cves("cve-2026-12345, CVE-2026-12345 and CVE-26-1"));

    [Fact]
    public void Same_page_under_two_addresses_has_one_key() =>
        Assert.Equal(ItemKeys.Address("https://www.News.example/a/?utm_source=x&b=2&a=1#top"), ItemKeys.Address("http://news.example/a?a=1&b=2"));

    [Fact]
    public void Different_markings_are_never_folded()
    {
        var entry = new FeedEntry("urn:1", "Title of some length that is enough", "", "https://a.example/1", null, null);
        byte[][] Keys(Tlp tlp) => ItemKeys.Of(new("feed", "s", Guid.Empty, null, new Marking(tlp), "", [entry]), [entry])[0].Keys;
        Assert.Empty(Keys(Tlp.Clear).Select(Convert.ToHexString).Intersect(Keys(Tlp.Amber).Select(Convert.ToHexString)));
    }

    private sealed class OneHolder : IConstituency
    {
        public ConstituentMatch? Find(IPAddress address) => address.ToString() is "192.0.2.7" or "2001:db8::7" ? s_health : null;

        public ConstituentMatch? Find(string name) => name == "health.example" || name.EndsWith(".health.example", StringComparison.Ordinal) ? s_health : null;

        public Task<ConstituentCard?> FindAsync(Viewer viewer, ConstituentId id, CancellationToken cancel) => throw new NotSupportedException();

        public Task<IReadOnlyList<ConstituentCard>> SearchAsync(Viewer viewer, string words, int limit, CancellationToken cancel) => throw new NotSupportedException();
    }
}
