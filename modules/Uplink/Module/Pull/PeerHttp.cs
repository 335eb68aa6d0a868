namespace Appliance.Uplink.Pull;

/// <summary>The way out to peers.</summary>
internal sealed class PeerHttp
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) =>
        _client.SendAsync(request, cancel);
}
