using System.Diagnostics;
using Appliance.Kernel.Mail.Parse;
using Xunit;

namespace Appliance.Kernel.Tests.Mail;

public sealed class ObservableTextTests
{
    [Theory]
    [InlineData("see hxxps://evil[.]example.com/a?b=1, please", "url https://evil.example.com/a?b=1", "domain evil.example.com")]
    [InlineData("from 192.0.2[.]7:443 and 999.1.1.1", "ipv4 192.0.2.7")]
    [InlineData("2001:db8::1 at 12:30:45", "ipv6 2001:db8::1")]
    [InlineData("Mail bob[at]partner[.]org.", "email bob@partner.org", "domain partner.org")]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e d41d8cd98f00b204e9800998ecf8427ef", "md5 d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("cve-2021-44228, CVE 2014-0160 and AS 64496 but as 2014", "cve CVE-2021-44228", "cve CVE-2014-0160", "asn AS64496")]
    [InlineData("report.pdf e.g. 1.2.3 version", new string[0])]
    [InlineData("http://[2001:db8::5]:8080/x", "url http://[2001:db8::5]:8080/x", "ipv6 2001:db8::5")]
    [InlineData("tcp://a[.]example /x and hxxps://b .example.com/y", "url tcp://a.example/x", "url https://b.example.com/y", "domain b.example.com")]
    [InlineData("imphash: 18ddf28a71089acdbab5038f58044c0a", "imphash 18ddf28a71089acdbab5038f58044c0a")]
    [InlineData("AA:BB:CC:DD:EE:01 within 192.0.2.0/24", "mac_address AA:BB:CC:DD:EE:01", "ipv4_cidr 192.0.2.0/24", "ipv4 192.0.2.0")]
    [InlineData("key <HKLM>\\SOFTWARE\\My App\\Run was set", "registry_key_path HKLM\\SOFTWARE\\My App\\Run")]
    [InlineData("pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 not 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "bitcoin_address 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")]
    [InlineData("T1059.001, TLP:AMBER+STRICT", "attack_technique T1059.001", "tlp_label TLP:AMBER+STRICT")]
    [InlineData("(see it.) In addition look at example.com", "domain example.com")]
    [InlineData("admin@[192.0.2.9], root@[IPv6:2001:db8::9]; x@[not one]", "email admin@[192.0.2.9]", "ipv4 192.0.2.9", "email root@[ipv6:2001:db8::9]", "ipv6 2001:db8::9")]
    public void Traces_are_found_whole_and_nothing_else(string text, params string[] found) =>
        Assert.Equal(found, ObservableText.Find(text).Select(f => $"{f.Type} {f.Value}").Distinct());

    [Theory]
    [InlineData("open report.zip now", "report.zip", FoundObservable.FileName)]
    [InlineData("open report[.]zip now", "report.zip", "text")]
    [InlineData("it is report.zip, from https://report.zip/x", "report.zip", "url")]
    [InlineData("at https://a.example.com/b/report.zip", "report.zip", FoundObservable.FileName)]
    [InlineData("in ~/Desktop/run.py it is", "run.py", FoundObservable.FileName)]
    [InlineData("mail bob@office.zip", "office.zip", "email")]
    public void Name_that_ends_like_a_file_is_a_domain_only_where_it_stands_as_one(string text, string name, string from) =>
        Assert.Equal(from, Assert.Single(ObservableText.Find(text), f => f.Value == name).From);

    [Theory]
    [InlineData("[")]
    [InlineData("http://")]
    [InlineData("a.")]
    [InlineData("hxxp[:]//")]
    [InlineData("(.)")]
    [InlineData("[[[ ")]
    [InlineData("HKLM\\a b")]
    [InlineData("rule a {")]
    [InlineData("/a b")]
    [InlineData("a.example/%41")]
    [InlineData("mozilla/5.0 (x) ")]
    public void Time_grows_with_the_length_alone(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 400_000 / piece.Length));
        var watch = Stopwatch.StartNew();
        Assert.NotNull(ObservableText.Find(text).LastOrDefault()?.Type ?? "none");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("see http://a.example.com/x.htm now.", "see hxxp://a[.]example[.]com/x.htm now.")]
    [InlineData("ftp://192.0.2.1/", "fxp://192[.]0[.]2[.]1/")]
    [InlineData("e.g. this", "e.g. this")]
    public void Text_can_be_defanged(string text, string expected) => Assert.Equal(expected, DefangedText.Of(text));

    [Fact]
    public void Defanged_text_remembers_what_stood_there() =>
        Assert.Equal("evil[.]example[.]com", ObservableText.Find("x evil[.]example[.]com y").Single().Raw);
}
