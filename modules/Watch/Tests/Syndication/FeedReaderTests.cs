using System.Text;
using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Watch.Tests.Syndication;

public sealed class FeedReaderTests
{
    private static readonly Uri s_home = new("https://cert.example/feeds/all.xml");

    [Fact]
    public void Reads_rss_with_relative_link_permalink_and_sloppy_date()
    {
        var feed = Read("""
            <?xml version="1.0" encoding="utf-8"?>
            <!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
            <rss version="2.0"><channel><title>CERT &eacute;</title>
            <item><title>A &amp; B &lt;b&gt;bold&lt;/b&gt;</title><link>/advice/1</link><description><![CDATA[<p>One</p><script>alert(1)</script><p>Two & three</p>]]></description><pubDate>Mon, 1 Jun 26 8:05 EST</pubDate><guid isPermaLink="false">x1</guid></item>
            <item><title>No link</title><guid>https://cert.example/advice/2</guid></item>
            </channel></rss>
            """).Feed!;

        Assert.Equal("CERT é", feed.Title);
        Assert.Equal("A & B bold", feed.Entries[0].Title);
        Assert.Equal("https://cert.example/advice/1", feed.Entries[0].Link);
        Assert.Equal("One\n\nTwo & three", feed.Entries[0].Summary);
        Assert.Equal(new DateTimeOffset(2026, 6, 1, 13, 5, 0, TimeSpan.Zero), feed.Entries[0].Published);
        Assert.Equal("https://cert.example/advice/2", feed.Entries[1].Link);
        Assert.Null(feed.Damage);
    }

    [Fact]
    public void Reads_atom_with_base_types_and_alternate_link()
    {
        var feed = Read("""
            <feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://vendor.example/blog/" xml:lang="fr">
            <title type="html">Vendor &lt;i&gt;news&lt;/i&gt;</title>
            <entry><id>urn:uuid:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Big <b>hole</b></div></title>
            <link rel="self" href="self.xml"/><link rel="alternate" type="text/html" href="2026/hole"/>
            <summary type="text">1 &lt; 2</summary><updated>2026-06-02T03:04:05+09:00</updated></entry></feed>
            """).Feed!;

        Assert.Equal(("Vendor news", "fr"), (feed.Title, feed.Language));
        var entry = Assert.Single(feed.Entries);
        Assert.Equal(("Big hole", "https://vendor.example/blog/2026/hole", "1 < 2"), (entry.Title, entry.Link, entry.Summary));
        Assert.Equal(new DateTimeOffset(2026, 6, 1, 18, 4, 5, TimeSpan.Zero), entry.Published);
    }

    [Fact]
    public void Keeps_what_came_before_the_damage()
    {
        var reading = Read("<rss><channel><title>T</title><item><title>First</title></item><item><title>Second</wrong></item></channel></rss>");
        Assert.Equal("First", reading.Feed!.Entries[0].Title);
        Assert.Contains("line 1", reading.Feed.Damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("java\tscript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:secret@host.example/")]
    public void Drops_links_that_are_not_plain_web_addresses(string link) =>
        Assert.Null(Read($"<rss><channel><item><title>x</title><link>{link}</link></item></channel></rss>").Feed!.Entries[0].Link);

    [Fact]
    public void Expands_no_entity_and_opens_no_file()
    {
        var feed = Read("""
            <!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
            <rss><channel><item><title>&b;&f; end</title></item></channel></rss>
            """).Feed!;
        Assert.Equal("&b;&f; end", feed.Entries[0].Title);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not xml at all")]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("<rss")]
    public void Says_that_a_document_is_no_feed(string text)
    {
        var reading = Read(text);
        Assert.Null(reading.Feed);
        Assert.NotEmpty(reading.Fault!);
    }

    [Fact]
    public void Depth_is_bounded() => Assert.Contains("deeper", Read("<rss><channel>" + string.Concat(Enumerable.Repeat("<a>", 5_000))).Feed!.Damage, StringComparison.Ordinal);

    [Fact]
    public void Encoding_comes_from_the_declaration_and_lies_are_survived()
    {
        var latin = Encoding.Latin1.GetBytes("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><rss><channel><title>caf\u00e9</title></channel></rss>");
        Assert.Equal("café", FeedReader.Read(latin, s_home).Feed!.Title);
        var lie = Encoding.Latin1.GetBytes("<?xml version=\"1.0\" encoding=\"utf-8\"?><rss><channel><title>caf\u00e9</title></channel></rss>");
        Assert.Equal("café", FeedReader.Read(lie, s_home).Feed!.Title);
    }

    [Fact]
    public void Random_damage_never_throws()
    {
        var random = new Random(3);
        var good = Encoding.UTF8.GetBytes("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><feed xmlns='http://www.w3.org/2005/Atom'><title>t&amp;&#x41;</title><entry><id>1</id><link href='http://a.example/?a=1&amp;b=2'/><content type='html'>&lt;p&gt;x&lt;/p&gt;<![CDATA[<b>]]></content><updated>2026-01-02T03:04:05Z</updated></entry></feed>");
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = good.ToArray();
            for (var n = random.Next(1, 8); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var reading = FeedReader.Read(bytes.AsSpan(0, random.Next(bytes.Length + 1)), s_home);
            Assert.True(reading.Feed is not null || reading.Fault is not null);
        }
    }

    private static FeedReading Read(string text) => FeedReader.Read(Encoding.UTF8.GetBytes(text), s_home);
}
