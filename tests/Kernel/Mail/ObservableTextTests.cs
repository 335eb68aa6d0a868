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
    public void Traces_are_found_whole_and_nothing_else(string text, params string[] found) =>
        Assert.Equal(found, ObservableText.Find(text).Select(f => $"{f.Type} {f.Value}").Distinct());

    [Theory]
    [InlineData("[")]
    [InlineData("http://")]
    [InlineData("a.")]
    [InlineData("hxxp[:]//")]
    [InlineData("(.)")]
    public void Time_grows_with_the_length_alone(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 400_000 / piece.Length));
        var watch = Stopwatch.StartNew();
        Assert.NotNull(ObservableText.Find(text).LastOrDefault()?.Type ?? "none");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public void Defanged_text_remembers_what_stood_there() =>
        Assert.Equal("evil[.]example[.]com", ObservableText.Find("x evil[.]example[.]com y").Single().Raw);
}
