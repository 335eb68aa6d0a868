using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Appliance.Host.Demo;

/// <summary>The REST API as one person of the sample country sees it. Every refusal throws with the server's own words.</summary>
internal sealed class DemoApi(HttpClient http, Uri host, string token)
{
    public Task<JsonNode?> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    public Task<JsonNode?> PostAsync(string path, object body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, options: JsonSerializerOptions.Web), cancel);

    public Task<JsonNode?> PutAsync(string path, object body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, path, JsonContent.Create(body, options: JsonSerializerOptions.Web), cancel);

    public Task<JsonNode?> PostAsync(string path, HttpContent body, CancellationToken cancel) => SendAsync(HttpMethod.Post, path, body, cancel);

    /// <summary>Asks until <paramref name="found"/> answers something, or <paramref name="patience"/> ends.</summary>
    public async Task<T> AwaitAsync<T>(string path, Func<JsonNode, T?> found, TimeSpan patience, CancellationToken cancel)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        while (true)
        {
            try
            {
                if (await GetAsync(path, limit.Token) is { } answer && found(answer) is { } value)
                    return value;
                await Task.Delay(TimeSpan.FromMilliseconds(300), limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"{path} did not show what was expected within {patience.TotalSeconds:0} s");
            }
        }
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(host, "/api/v1/" + path)) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, cancel);
        var text = await response.Content.ReadAsStringAsync(cancel);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path} answered {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}
