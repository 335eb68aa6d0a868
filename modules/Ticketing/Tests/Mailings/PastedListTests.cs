using Appliance.Ticketing.Mailings;
using Xunit;

namespace Appliance.Ticketing.Tests.Mailings;

/// <summary>What people and machines paste: every line becomes an item or a named fault.</summary>
public sealed class PastedListTests
{
    [Theory]
    [InlineData("192.0.2.1", "ipv4 192.0.2.1")]
    [InlineData("192[.]0[.]2[.]1", "ipv4 192.0.2.1")]
    [InlineData("192.0.2.1:443", "ipv4 192.0.2.1 port=443")]
    [InlineData("\"192.0.2.1\"", "ipv4 192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "ipv4 192.0.2.1")]
    [InlineData("2001:DB8:0::1", "ipv6 2001:db8::1")]
    [InlineData("[2001:db8::1]:8443", "ipv6 2001:db8::1 port=8443")]
    [InlineData("192.0.2.77/24", "ipv4_cidr 192.0.2.0/24")]
    [InlineData("192.0.2.77/32", "ipv4 192.0.2.77")]
    [InlineData("2001:db8::/32", "ipv6_cidr 2001:db8::/32")]
    [InlineData("AS64500", "asn AS64500")]
    [InlineData("ASN 64500", "asn AS64500")]
    [InlineData("www[.]example[.]org", "domain www.example.org")]
    [InlineData("hxxps://www.example[.]org/a?b=c", "url https://www.example.org/a?b=c")]
    [InlineData("clerk@example.org", "email clerk@example.org")]
    [InlineData("192.0.2.1 infected since Monday", "ipv4 192.0.2.1 infected since Monday")]
    [InlineData("2026-11-01 00:00:00,192.0.2.1,443,64500", "ipv4 192.0.2.1 2026-11-01 00:00:00 | 443 | 64500")]
    [InlineData("192.0.2.1, 192.0.2.2;192.0.2.3", "ipv4 192.0.2.1|ipv4 192.0.2.2|ipv4 192.0.2.3")]
    [InlineData("192.0.2.1,192.0.2.2", "ipv4 192.0.2.1|ipv4 192.0.2.2")]
    [InlineData("192.0.2.1 talks to 192.0.2.2", "ipv4 192.0.2.1 talks to|ipv4 192.0.2.2 talks to")]
    [InlineData("nothing here", "1 no-thing")]
    [InlineData("192.0.2.256", "1 no-thing")]
    [InlineData("010.0.0.1", "1 no-thing")]
    public void Line_is_read_as(string line, string expected) => Assert.Equal(expected, Told(PastedList.Read(line)!));

    [Fact]
    public void Shadowserver_table_carries_its_columns_and_an_empty_address_falls_back()
    {
        var list = PastedList.Read("\uFEFF\"timestamp\",\"ip\",\"port\",\"asn\",\"hostname\",\"tag\"\r\n\"2026-11-01 00:00:00\",\"192.0.2.1\",443,64500,\"a.example.org\",\"ssl, old\"\r\n2026-11-01,,,64500,b.example.org,x\r\n2026-11-01,,,64501,,x\r\n\r\n\"2026-11-01,\"192.0.2.9\",1,1,,")!;
        Assert.Equal((1, 1, 6), (list.Header, list.Blank, list.Lines));
        Assert.Equal(
            ["2 192.0.2.1 timestamp=2026-11-01 00:00:00; port=443; asn=64500; hostname=a.example.org; tag=ssl, old", "3 b.example.org timestamp=2026-11-01; asn=64500; tag=x", "4 AS64501 timestamp=2026-11-01; tag=x"],
            list.Items.Take(3).Select(static i => $"{i.Line} {i.Thing.Value} {i.Evidence}"));
        // A quote that is never closed spoils its own line alone, and that one is still read as prose.
        Assert.Equal((6, "192.0.2.9"), (list.Items[3].Line, list.Items[3].Thing.Value));
    }

    [Fact]
    public void Same_line_again_is_a_duplicate_and_another_fact_about_it_is_not()
    {
        var list = PastedList.Read("192.0.2.1,80\n192[.]0[.]2[.]1,80\n192.0.2.1,443")!;
        Assert.Equal(("80|443", "2 duplicate 1"), (string.Join('|', list.Items.Select(static i => i.Evidence)), string.Join('|', list.Faults.Select(static f => $"{f.Line} {f.Reason} {f.Detail}"))));
    }

    [Fact]
    public void Lists_that_are_too_long_are_none_and_long_lines_are_named()
    {
        Assert.Null(PastedList.Read(string.Concat(Enumerable.Repeat("192.0.2.1\n", PastedList.MostLines + 1))));
        Assert.Equal(PastedList.MostLines, PastedList.Read(string.Concat(Enumerable.Repeat("192.0.2.1\n\n", PastedList.MostLines)))!.Faults.Count + 1);
        Assert.Equal("1 line-long", Told(PastedList.Read("192.0.2.1 " + new string('x', 9000))!));
        Assert.True(PastedList.Read("192.0.2.1," + new string('x', 5000))!.Items[0].Evidence.Length <= 501);
    }

    /// <summary>Seeded: a failure names its seed.</summary>
    [Fact]
    public void No_line_is_lost_whatever_is_pasted()
    {
        string[] pieces = ["192.0.2.1", "192.0.2.7/29", "2001:db8::5", "evil[.]example[.]org", "hxxp://a.example.net/x", "a@b.example.org", "AS64500", "ip", "\"", "\"\"", ",", ";", "\t", "|", " ", "x", "é", "\u202e", "\0", "\u2028", "\ud800", "[", "]", "=cmd", "٣", "port", ":443", "/", "..", "://", "@", "\n", "\r\n", "\r"];
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => pieces[random.Next(pieces.Length)]));
            var list = PastedList.Read(text)!;
            var named = list.Items.Select(static i => i.Line).Concat(list.Faults.Select(static f => f.Line)).ToHashSet();
            if (list.Header is { } header)
                Assert.True(named.Add(header), $"seed {seed}");
            Assert.True(named.Count == list.Lines - list.Blank, $"seed {seed}: {named.Count} of {list.Lines - list.Blank}");
            Assert.All(list.Items, i => Assert.DoesNotContain(i.Evidence + i.Thing.Value, static c => c is '\n' or '\r' or '\0' or '\u202e'));
        }
    }

    private static string Told(PastedList list) =>
        string.Join('|', list.Items.Select(static i => $"{i.Thing.Type} {i.Thing.Value} {i.Evidence}".Trim()).Concat(list.Faults.Select(static f => $"{f.Line} {f.Reason}")));
}
