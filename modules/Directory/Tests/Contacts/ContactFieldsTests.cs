using Appliance.Directories.Contacts;
using Xunit;

namespace Appliance.Directories.Tests.Contacts;

public sealed class ContactFieldsTests
{
    [Theory]
    [InlineData("soc@example.org", true)]
    [InlineData("root@localhost", true)]
    [InlineData("o'neill+cert@example.org", true)]
    [InlineData("a@b@example.org", false)]
    [InlineData("soc@example.org\r\nBcc: x@example.net", false)]
    [InlineData("soc@exam ple.org", false)]
    [InlineData("<soc@example.org>", false)]
    [InlineData("soc", false)]
    [InlineData(".soc@example.org", false)]
    [InlineData("so..c@example.org", false)]
    [InlineData("soc@192.0.2.1", false)]
    public void Takes_only_addresses_that_break_no_header(string mail, bool good) =>
        Assert.Equal(good, !new ContactFields("SOC", mail).Tidy().Faults().Any());

    [Fact]
    public void Writes_an_international_domain_as_label() => Assert.Equal("soc@xn--bcher-kva.example", new ContactFields("SOC", "soc@Bücher.example").Tidy().Mail);

    [Fact]
    public void Lists_every_fault_at_once() => Assert.Equal(3, new ContactFields("SOC", "nowhere", "friend", "xx").Faults().Count());
}
