using Appliance.Contracts;
using Appliance.Tests;
using Appliance.Watch.Advisories;
using Xunit;

namespace Appliance.Watch.Tests.Advisories;

public sealed class AdvisoryTextTests
{
    private readonly AdvisoryText _text = new(new TestText(typeof(WatchModule).Assembly));

    [Theory]
    [InlineData("en", "EXERCISE")]
    [InlineData("fr", "EXERCICE")]
    [InlineData("ar", "تمرين")]
    [InlineData("zh", "演练")]
    public void Label_comes_first_in_subject_and_text(string language, string drill)
    {
        var row = Row(Tlp.AmberStrict, exercise: true);
        Assert.Equal($"[TLP:AMBER+STRICT] [{drill}] ADV-2026-0001: Big hole", _text.Subject(row, 1, language));
        Assert.StartsWith("TLP:AMBER+STRICT — ", _text.Write(row, 1, null, language), StringComparison.Ordinal);
    }

    [Fact]
    public void Revision_is_named_from_the_second_on() => Assert.Equal("[TLP:GREEN] ADV-2026-0001: Big hole (revision 2)", _text.Subject(Row(Tlp.Green), 2, "en"));

    [Fact]
    public void Nothing_clickable_that_is_hostile_is_left()
    {
        var text = _text.Write(Row(Tlp.Green), 1, new DateTimeOffset(2026, 6, 1, 2, 3, 0, TimeSpan.Zero), "en");
        Assert.Contains("url: hxxps://evil[.]example/x", text, StringComparison.Ordinal);
        Assert.Contains("ipv4: 192[.]0[.]2[.]7", text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://evil.example", text, StringComparison.Ordinal);
        Assert.Contains("Published: 2026-06-01 02:03 UTC", text, StringComparison.Ordinal);
        Assert.Contains("- https://vendor.example/fix", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_list_every_fault_at_once()
    {
        var faults = new AdvisoryFields { Title = "", Severity = 9, Tlp = Tlp.Red, Cves = ["CVE-1"], Links = ["javascript:x"], Observables = [new("shoe", "42")], Language = "xx" }.Tidy().Faults();
        Assert.Equal(7, faults.Count());
    }

    private static AdvisoryRow Row(Tlp tlp, bool exercise = false) => new()
    {
        Number = "ADV-2026-0001",
        Title = "Big hole",
        Severity = 1,
        Summary = "S",
        Body = "B",
        Tlp = (short)tlp,
        Exercise = exercise,
        Links = ["https://vendor.example/fix"],
        Observables = """[{"type":"url","value":"https://evil.example/x"},{"type":"ipv4","value":"192.0.2.7"}]""",
    };
}
