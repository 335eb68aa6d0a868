using Appliance.Directories.Networks;
using Xunit;

namespace Appliance.Directories.Tests.Networks;

public sealed class NetworkTextTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData(" 192.0.2.7 ", "192.0.2.7/32")]
    [InlineData("2001:DB8::/32", "2001:db8::/32")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("AS64500", "AS64500")]
    [InlineData("64500", "AS64500")]
    [InlineData("asn 4294967295", "AS4294967295")]
    [InlineData("*.Example.ORG.", "example.org")]
    public void Reads_what_people_write(string text, string written) => Assert.Equal(written, NetworkText.Read(text).Entry?.Written);

    [Theory]
    [InlineData("192.0.2.5/24", "directory.refused.host-bits")]
    [InlineData("192.0.2.0/33", "directory.refused.prefix-length")]
    [InlineData("192.0.2.0/", "directory.refused.prefix-length")]
    [InlineData("10.1/16", "directory.refused.prefix")]
    [InlineData("010.0.0.1", "directory.refused.prefix")]
    [InlineData("256.0.0.1", "directory.refused.prefix")]
    [InlineData("fe80::1%eth0/64", "directory.refused.prefix")]
    [InlineData("AS0", "directory.refused.asn")]
    [InlineData("AS4294967296", "directory.refused.asn")]
    [InlineData("http://example.org", "directory.refused.domain")]
    [InlineData("exa mple.org", "directory.refused.domain")]
    [InlineData("-bad.example", "directory.refused.domain")]
    [InlineData("", "directory.refused.network-empty")]
    public void Refuses_with_a_reason(string text, string reason)
    {
        var read = NetworkText.Read(text);
        Assert.Null(read.Entry);
        Assert.Equal(reason, read.Reason);
    }

    [Fact]
    public void Names_the_block_that_was_probably_meant() => Assert.Equal("192.0.2.0/24", NetworkText.Read("192.0.2.5/24").Arguments[1]);

    [Fact]
    public void Keeps_an_international_domain_as_label_and_as_written()
    {
        var entry = NetworkText.Read("bücher.example").Entry!;
        Assert.Equal("xn--bcher-kva.example", entry.Domain);
        Assert.Equal("bücher.example", entry.Written);
    }
}
