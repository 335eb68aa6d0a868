using System.Globalization;
using Xunit;

namespace Appliance.Integration.Api;

/// <summary>How often one credential may ask. Has a host of its own, whose patience it uses up.</summary>
public sealed class RateLimitTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task One_credential_that_asks_too_often_is_told_when_to_come_back_and_the_others_go_on()
    {
        var first = await api.SendAsync("GET", "directory/constituents");
        Assert.Equal("400", first["RateLimit-Limit"]);
        var left = int.Parse(first["RateLimit-Remaining"], CultureInfo.InvariantCulture);
        Assert.InRange(left, 1, 399);
        Assert.InRange(int.Parse(first["RateLimit-Reset"], CultureInfo.InvariantCulture), 1, 60);
        var refused = 0;
        // Two windows' worth: wherever the minute turns, one of them is used up.
        for (var i = 0; i < 16 && refused == 0; i++)
            refused = (await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => api.SendAsync("GET", "directory/constituents")))).Count(a => a.Status == 429);
        Assert.True(refused > 0);
        var last = await api.SendAsync("GET", "directory/constituents");
        if (last.Status == 429)
        {
            Assert.Equal(("0", "application/problem+json"), (last["RateLimit-Remaining"], last["Content-Type"].Split(';')[0]));
            Assert.InRange(int.Parse(last["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        }
        Assert.Equal(200, (await api.SendAsync("GET", "directory/constituents", person: "amina")).Status);
    }
}
