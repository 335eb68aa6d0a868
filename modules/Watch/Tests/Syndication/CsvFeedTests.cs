using System.Text;
using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Watch.Tests.Syndication;

public sealed class CsvFeedTests
{
    [Fact]
    public void Finds_the_usual_columns_by_name()
    {
        var feed = Read("cveID,vulnerabilityName,dateAdded,shortDescription\nCVE-2026-1,Some hole,2026-06-01,\"Text, with comma\"\nbroken\n").Feed!;
        var entry = Assert.Single(feed.Entries);
        Assert.Equal(("CVE-2026-1", "Some hole", "Text, with comma"), (entry.Id, entry.Title, entry.Summary));
        Assert.Equal(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero), entry.Published);
        Assert.Equal("1 bad row(s)", feed.Damage);
    }

    [Fact]
    public void Follows_a_mapping_by_number_without_header()
    {
        var feed = Read("2026-06-01;evil.example;https://list.example/evil\n", new CsvMapping { HasHeader = false, Title = "2", Link = "3", Published = "1", Delimiter = ";" }).Feed!;
        Assert.Equal(("evil.example", "https://list.example/evil"), (feed.Entries[0].Title, feed.Entries[0].Link));
    }

    [Fact]
    public void Skips_comment_lines_and_takes_a_commented_header()
    {
        var feed = Read("# terms of use\n# id,dateadded,url,threat\n\"1\",\"2026-06-01 10:00:00\",\"http://evil.example/a\",\"malware\"\n").Feed!;
        Assert.Equal(("http://evil.example/a", "malware"), (feed.Entries[0].Title, feed.Entries[0].Summary));
    }

    [Theory]
    [InlineData("a,b\n1,2\n")]
    [InlineData("")]
    public void Says_when_no_column_can_be_the_title(string text) => Assert.NotNull(Read(text).Fault);

    [Fact]
    public void Markup_in_cells_is_text() => Assert.Equal("Hole", Read("title\n<img src=x onerror=alert(1)>Hole\n").Feed!.Entries[0].Title);

    private static FeedReading Read(string text, CsvMapping? mapping = null) => CsvFeed.Read(Encoding.UTF8.GetBytes(text), new Uri("https://list.example/x.csv"), mapping ?? new());
}
