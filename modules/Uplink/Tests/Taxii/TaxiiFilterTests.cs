using Appliance.Uplink.Taxii;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace Appliance.Uplink.Tests.Taxii;

public sealed class TaxiiFilterTests
{
    private static readonly byte[] s_key = new byte[32];

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=-1")]
    [InlineData("limit=ten")]
    [InlineData("limit=")]
    [InlineData("added_after=yesterday")]
    [InlineData("added_after=2026-01-01")]
    [InlineData("match[colour]=red")]
    [InlineData("match[id]=x")]
    [InlineData("match[version]=newest")]
    [InlineData("match[spec_version]=3.0")]
    [InlineData("next=abc")]
    [InlineData("added_after=2026-01-01T00:00:00Z&added_after=2026-01-02T00:00:00Z")]
    public void Wrong_filter_is_refused_and_never_an_empty_page(string query)
    {
        Assert.Null(Read(query, out var fault));
        Assert.NotEmpty(fault);
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("limit=7", 7)]
    [InlineData("limit=201", 200)]
    [InlineData("limit=99999999999999", 200)]
    public void Limit_beyond_the_server_s_page_is_cut_silently(string query, int limit) => Assert.Equal(limit, Read(query, out _)!.Limit);

    [Fact]
    public void Comma_means_or()
    {
        var filter = Read("match[type]=indicator,report&match[version]=first,last,2026-01-01T00:00:00.000Z", out _)!;
        Assert.Equal(["indicator", "report"], filter.Types!);
        Assert.True(filter is { First: true, Last: true, All: false });
        Assert.Single(filter.Versions);
    }

    [Fact]
    public void Last_version_is_the_default() => Assert.True(Read("", out _) is { Last: true, First: false, All: false });

    [Fact]
    public void Next_works_with_its_own_filters_only()
    {
        var filter = Read("match[type]=indicator&added_after=2026-01-01T00:00:00Z", out _)!;
        var last = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);
        var next = PageKey.Write(last, filter.Fingerprint, s_key);

        Assert.Equal(last, Read($"match[type]=indicator&added_after=2026-01-01T00:00:00Z&next={next}", out _)!.From);
        Assert.Equal(last, Read($"match[type]=indicator&added_after=2026-01-01T00:00:00Z&limit=3&next={next}", out _)!.From);
        Assert.Null(Read($"next={next}", out _));
        Assert.Null(Read($"match[type]=indicator&added_after=2026-01-02T00:00:00Z&next={next}", out _));
        Assert.Null(Read($"match[type]=malware&added_after=2026-01-01T00:00:00Z&next={next}", out _));
        Assert.Null(TaxiiFilter.Read(Query($"match[type]=indicator&added_after=2026-01-01T00:00:00Z&next={next}"), "manifest", "c/", 200, s_key, out _));
        Assert.Null(TaxiiFilter.Read(Query($"match[type]=indicator&added_after=2026-01-01T00:00:00Z&next={next}"), "objects", "other/", 200, s_key, out _));
    }

    [Fact]
    public void Next_that_was_touched_is_refused()
    {
        var next = PageKey.Write(DateTimeOffset.UnixEpoch, Read("", out _)!.Fingerprint, s_key);
        for (var i = 0; i < next.Length; i++)
            Assert.Null(Read($"next={next[..i]}{(next[i] == 'A' ? 'B' : 'A')}{next[(i + 1)..]}", out _));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("*/*", true)]
    [InlineData("application/*", true)]
    [InlineData("application/taxii+json", true)]
    [InlineData("application/taxii+json;version=2.1", true)]
    [InlineData("application/taxii+json; version=\"2.1\"", true)]
    [InlineData("text/html, application/taxii+json;version=2.1;q=0.5", true)]
    [InlineData("application/taxii+json;version=2.0", false)]
    [InlineData("application/vnd.oasis.stix+json", false)]
    [InlineData("application/json", false)]
    [InlineData("text/html", false)]
    [InlineData("*/*;q=0", false)]
    [InlineData("rubbish", false)]
    public void Accept_takes_ours_with_and_without_version_and_the_wildcards(string? accept, bool takes)
    {
        var request = new DefaultHttpContext().Request;
        if (accept is not null)
            request.Headers.Accept = accept;
        Assert.Equal(takes, Media.Accepts(request));
    }

    private static TaxiiFilter? Read(string query, out string fault) => TaxiiFilter.Read(Query(query), "objects", "c/", 200, s_key, out fault);

    private static QueryCollection Query(string text) => new(QueryHelpers.ParseQuery(text));
}
