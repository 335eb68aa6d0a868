using Appliance.Directories.Lookup;
using Xunit;

namespace Appliance.Directories.Tests.Lookup;

public sealed class DomainTableTests
{
    private readonly DomainTable _table = new([
        ("example.org", AddressTableTests.Match("example.org")),
        ("health.example.org", AddressTableTests.Match("health.example.org")),
        ("xn--mgbh0fb.xn--kgbechtv", AddressTableTests.Match("مثال.إختبار"))]);

    [Theory]
    [InlineData("example.org", "example.org")]
    [InlineData("EXAMPLE.ORG.", "example.org")]
    [InlineData("www.health.example.org", "health.example.org")]
    [InlineData("nothealth.example.org", "example.org")]
    [InlineData("notexample.org", null)]
    [InlineData("org", null)]
    [InlineData("", null)]
    [InlineData("...", null)]
    [InlineData("www.مثال.إختبار", "مثال.إختبار")]
    [InlineData("mail.xn--mgbh0fb.xn--kgbechtv", "مثال.إختبار")]
    public void Longest_suffix_on_a_label_boundary_wins(string name, string? expected) => Assert.Equal(expected, _table.Find(name)?.Matched);
}
