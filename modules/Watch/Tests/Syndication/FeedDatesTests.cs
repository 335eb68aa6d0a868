using System.Globalization;
using Appliance.Watch.Syndication;
using Xunit;

namespace Appliance.Watch.Tests.Syndication;

public sealed class FeedDatesTests
{
    [Theory]
    [InlineData("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21")]
    [InlineData("Thu, 01 Jan 2004 19:48:21 +0330", "2004-01-01T16:18:21")]
    [InlineData("01 Jan 04 19:48 EST", "2004-01-02T00:48:00")]
    [InlineData("Thursday, January 1, 2004 19:48:21 PDT", "2004-01-02T02:48:21")]
    [InlineData("1-Jan-2004", "2004-01-01T00:00:00")]
    [InlineData("2004", "2004-01-01T00:00:00")]
    [InlineData("2004-06", "2004-06-01T00:00:00")]
    [InlineData("20040630", "2004-06-30T00:00:00")]
    [InlineData("2004-06-30T14:05:06.123+02:00", "2004-06-30T12:05:06")]
    [InlineData("2004-06-30 14:05Z", "2004-06-30T14:05:00")]
    [InlineData("2004-06-30T24:00:00Z", "2004-07-01T00:00:00")]
    public void Reads_what_feeds_write(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected + "Z", CultureInfo.InvariantCulture), FeedDates.Read(text));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("yesterday")]
    [InlineData("2004-13-01")]
    [InlineData("Thu, 32 Jan 2004 19:48:21 GMT")]
    [InlineData("99999999999999")]
    public void Answers_nothing_for_what_is_no_date(string? text) => Assert.Null(FeedDates.Read(text));
}
