using Appliance.Ticketing.Templates;
using Xunit;

namespace Appliance.Ticketing.Tests.Templates;

public sealed class TemplateTests
{
    [Theory]
    [InlineData("Phishing against {organisation}, {date}", "Bank A", "Phishing against Bank A, 1970-01-01")]
    [InlineData("Phishing against {ORGANISATION}", "", "Phishing against –")]
    [InlineData("Scan {of} the {portal}", "Bank A", "Scan {of} the {portal}")]
    public void Places_of_a_title_are_filled_and_other_braces_stay(string pattern, string organisation, string title) =>
        Assert.Equal(title, TitlePattern.Fill(pattern, DateTimeOffset.UnixEpoch, organisation.Length > 0 ? [organisation] : []));

    [Fact]
    public void Filled_title_stays_within_its_length() => Assert.Equal(300, TitlePattern.Fill("{organisation}", DateTimeOffset.UnixEpoch, [new string('x', 400)]).Length);

    [Fact]
    public void Organisations_become_a_place_the_longer_name_first() =>
        Assert.Equal("{organisation} writes to {organisation}", TitlePattern.Of("Bank A of the North writes to bank a", ["Bank A", "Bank A of the North"]));

    [Fact]
    public void Everything_wrong_is_said_at_once() => Assert.Equal(
        ["ticketing.refused.template-name", "ticketing.refused.title", "ticketing.refused.rsit", "ticketing.refused.template-notes"],
        new TemplateFields { RsitType = "x/y", Notes = [.. Enumerable.Repeat("n", 21)] }.Tidy().Faults().Select(f => f.Key));
}
