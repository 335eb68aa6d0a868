using Appliance.Ticketing.Classification;
using Xunit;

namespace Appliance.Ticketing.Tests.Classification;

public sealed class RsitGuessTests
{
    [Theory]
    [InlineData("Phishing site in your network", "fraud/phishing")]
    [InlineData("Site d’hameçonnage", "fraud/phishing")]
    [InlineData("موقع تصيد", "fraud/phishing")]
    [InlineData("发现钓鱼网站", "fraud/phishing")]
    [InlineData("Фишинговый сайт", "fraud/phishing")]
    [InlineData("Port scan from 192.0.2.1", "information-gathering/scanner")]
    [InlineData("We are under DDoS", "availability/ddos")]
    [InlineData("Good morning", "other/undetermined")]
    [InlineData("hash 9ac2b1", "other/undetermined")]
    public void Words_of_six_languages_say_what_it_is(string subject, string type) => Assert.Equal(type, RsitGuess.Of(subject, "", null).Type);

    [Fact]
    public void Fields_of_a_machine_come_before_words() =>
        Assert.Equal("information-gathering/scanner", RsitGuess.Of("about phishing", "", new() { Format = "xarf", Type = "PortScan" }).Type);

    [Fact]
    public void Every_row_names_a_type_of_the_taxonomy() =>
        Assert.All(new[] { "phish", "c2", "malware", "botnet", "ddos", "spam", "copyright", "cve-", "exploit" }, word => Assert.Contains(RsitGuess.Of(word, "", null).Type, Rsit.Ordered));
}
