using System.Net;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Host;

public sealed class HostProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Host_answers_again_after_a_kill_and_stops_softly()
    {
        await using var host = await HostProcess.StartAsync();
        using var client = host.Client();
        Assert.True((int)(await client.GetAsync(new Uri("/", UriKind.Relative), Cancel)).StatusCode < 500, host.Process.Output);

        await host.KillAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("/", UriKind.Relative), Cancel));

        await host.StartAgainAsync();
        Assert.True((int)(await client.GetAsync(host.Https, Cancel)).StatusCode < 500, host.Process.Output);
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Blazors_script_is_served_compressed_and_kept_by_the_browser()
    {
        await using var host = await HostProcess.StartAsync();
        using var client = host.Client();

        using var answer = await client.GetAsync(new Uri("/_framework/blazor.web.js", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/javascript", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(187_546, (await answer.Content.ReadAsByteArrayAsync(Cancel)).Length);
        Assert.NotNull(answer.Headers.ETag);
    }
}
