using System.Net;
using System.Text.RegularExpressions;

namespace Appliance.Tests;

/// <summary>A person who signed in through the log-in page's form, without script: keeps the cookies, follows nothing.</summary>
public sealed partial class SignedIn : IDisposable
{
    private readonly HttpClient _client;

    private SignedIn(HttpClient client) => _client = client;

    /// <summary>Signs in over plain http, which the host must allow on loopback.</summary>
    public static async Task<SignedIn> AsAsync(Uri host, string name, string password)
    {
        // Ours to dispose with the client.
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = host, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        var page = await client.GetStringAsync(new Uri("/login", UriKind.Relative));
        var token = Token().Match(page) is { Success: true } found ? WebUtility.HtmlDecode(found.Groups[1].Value) : throw new InvalidOperationException("the log-in page has no token");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["name"] = name, ["password"] = password, ["next"] = "/", ["__RequestVerificationToken"] = token });
        using var answer = await client.PostAsync(new Uri("/account/login", UriKind.Relative), form);
        return answer.Headers.Location?.OriginalString == "/" ? new(client) : throw new InvalidOperationException($"{name} could not sign in: {(int)answer.StatusCode} to {answer.Headers.Location}");
    }

    /// <summary>Asks for a page as a browser does.</summary>
    public Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancel) => _client.GetAsync(new Uri(path, UriKind.Relative), cancel);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
