using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Api;

/// <summary>A real host and the tokens of its two people, for all tests of the API.</summary>
public sealed class ApiHost : IAsyncLifetime
{
    private HttpClient _http = null!;
    private Dictionary<string, string> _tokens = [];

    /// <summary>The host.</summary>
    public HostProcess Host { get; private set; } = null!;

    /// <summary>Port on which the listener of webhooks answers; the only inside place that the host may call.</summary>
    public int Port { get; } = FreePort.Take();

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true", ["kernel__api__requestsPerMinute"] = "400", ["kernel__http__allow__0"] = $"127.0.0.1:{Port}" });
        var (code, output) = await Host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        _tokens = DemoPeople.Load(new DataFolder(Host.Data))!.ToDictionary(p => p.Name, p => p.Token);
        _http = Host.Client();
    }

    /// <summary>The token of a person.</summary>
    public string TokenOf(string person) => _tokens[person];

    /// <summary>Sends as <paramref name="person"/>; null for nobody.</summary>
    public async Task<ApiAnswer> SendAsync(string method, string path, JsonNode? body = null, string? person = "lee", string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith('/') ? path : "/api/v1/" + path);
        if (person is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _tokens[person]);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        // Asked first, so that a refusal of size comes before the connection is cut.
        request.Headers.ExpectContinue = true;
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, type);
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var all = answer.Headers.Concat(answer.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new((int)answer.StatusCode, all, text);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http?.Dispose();
        return Host.DisposeAsync();
    }
}

/// <summary>An answer of the API.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Headers">All headers.</param>
/// <param name="Text">The body.</param>
public sealed record ApiAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    /// <summary>The body as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>A header, or empty.</summary>
    public string this[string header] => Headers.GetValueOrDefault(header, "");
}
