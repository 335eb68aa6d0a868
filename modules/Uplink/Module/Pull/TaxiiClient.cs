using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Appliance.Kernel.Http;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Stix;
using Appliance.Uplink.Taxii;

namespace Appliance.Uplink.Pull;

/// <summary>A peer's server did not do what was asked; the message is for the peers page.</summary>
internal sealed class PeerFaultException(string message, int status = 0, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>HTTP status, or 0 where none came.</summary>
    public int Status => status;

    /// <summary>How long the peer asked us to wait.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

/// <summary>One page from a peer.</summary>
/// <param name="Envelope">The objects.</param>
/// <param name="Last">X-TAXII-Date-Added-Last as written, or null.</param>
internal sealed record PeerPage(Envelope Envelope, string? Last);

/// <summary>Speaks TAXII 2.1 to a peer's server, within limits of size, depth and time.</summary>
internal sealed class TaxiiClient(OutgoingHttp http, PeerSecrets secrets, UplinkOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Uri> _roots = new();

    /// <summary>One page of the peer's collection. <paramref name="after"/> and <paramref name="next"/> are repeated exactly as they were.</summary>
    public async Task<PeerPage> PageAsync(Peer peer, string? after, string? next, CancellationToken cancel)
    {
        var query = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"?limit={options.PageObjects}"));
        if (after is not null)
            query.Append("&added_after=").Append(Uri.EscapeDataString(after));
        if (next is not null)
            query.Append("&next=").Append(Uri.EscapeDataString(next));
        var root = await RootAsync(peer, cancel);
        var (body, headers) = await SendAsync(peer, HttpMethod.Get, new(root, $"collections/{Uri.EscapeDataString(peer.ReadCollection)}/objects/{query}"), null, cancel);
        var envelope = Envelope.Read(body, options.MaxJsonDepth, out var fault) ?? throw new PeerFaultException($"The answer cannot be read: {fault}.");
        return new(envelope, headers.TryGetValues("X-TAXII-Date-Added-Last", out var last) && last.FirstOrDefault() is { } text && StixTime.TryRead(text.Trim(), out _) ? text.Trim() : null);
    }

    /// <summary>Posts objects into the peer's inbox; answers the ids that it says it could not take, with its words.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PostAsync(Peer peer, IReadOnlyList<byte[]> objects, CancellationToken cancel)
    {
        var root = await RootAsync(peer, cancel);
        using var content = new MemoryStream();
        content.Write("{\"objects\":["u8);
        for (var i = 0; i < objects.Count; i++)
        {
            if (i > 0)
                content.Write(","u8);
            content.Write(objects[i]);
        }
        content.Write("]}"u8);
        var (body, _) = await SendAsync(peer, HttpMethod.Post, new(root, $"collections/{Uri.EscapeDataString(peer.WriteCollection)}/objects/"), content.ToArray(), cancel);
        var failed = new Dictionary<string, string>();
        using var status = Parse(body);
        if (status.RootElement.ValueKind == JsonValueKind.Object && status.RootElement.TryGetProperty("failures", out var failures) && failures.ValueKind == JsonValueKind.Array)
        {
            foreach (var failure in failures.EnumerateArray().Where(f => f.ValueKind == JsonValueKind.Object))
                failed[StixObject.Text(failure, "id")] = StixObject.Text(failure, "message") is { Length: > 0 } message ? Cut(message) : "refused without a reason";
        }
        return failed;
    }

    /// <summary>The API root: the address itself, or what discovery there names. Relative answers are resolved; a wrong host in them is replaced by the one we were told.</summary>
    private async Task<Uri> RootAsync(Peer peer, CancellationToken cancel)
    {
        var key = $"{peer.Id}|{peer.RootUrl}";
        if (_roots.TryGetValue(key, out var known))
            return known;
        var start = new Uri(peer.RootUrl!.EndsWith('/') ? peer.RootUrl : $"{peer.RootUrl}/");
        var (body, _) = await SendAsync(peer, HttpMethod.Get, start, null, cancel);
        using var document = Parse(body);
        var value = document.RootElement;
        if (value.ValueKind != JsonValueKind.Object)
            throw new PeerFaultException("The address answers, but not as a TAXII server.");
        var named = StixObject.Text(value, "default");
        if (named.Length == 0 && value.TryGetProperty("api_roots", out var roots) && roots.ValueKind == JsonValueKind.Array)
            named = roots.EnumerateArray().FirstOrDefault(r => r.ValueKind == JsonValueKind.String) is { ValueKind: JsonValueKind.String } first ? first.GetString()! : "";
        if (named.Length == 0)
            return value.TryGetProperty("versions", out _) || value.TryGetProperty("max_content_length", out _)
                ? _roots[key] = start
                : throw new PeerFaultException("The address answers, but neither as TAXII discovery nor as an API root.");
        if (!Uri.TryCreate(start, named.EndsWith('/') ? named : $"{named}/", out var root))
            throw new PeerFaultException("The server's discovery names an API root that is no address.");
        return _roots[key] = new UriBuilder(root) { Scheme = start.Scheme, Host = start.Host, Port = start.Port, UserName = "", Password = "" }.Uri;
    }

    private async Task<(byte[] Body, HttpHeaders Headers)> SendAsync(Peer peer, HttpMethod method, Uri address, byte[]? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Accept.ParseAdd(Media.Taxii);
        request.Headers.Authorization = Authorization(peer);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(Media.Taxii);
        }
        try
        {
            await using var answer = await http.SendAsync(request, new(options.MaxBodyMiB * 1024L * 1024L, TimeSpan.FromSeconds(options.RequestSeconds)), cancel);
            var (response, read) = (answer.Response, await answer.ReadAllAsync());
            if (!response.IsSuccessStatusCode)
                throw Fault(response, read);
            if (response.Content.Headers.ContentType is not { MediaType: "application/taxii+json" })
                throw new PeerFaultException($"The server answered as {Cut(response.Content.Headers.ContentType?.MediaType ?? "nothing")}, not as application/taxii+json.");
            return (read, response.Headers);
        }
        catch (TimeoutException late)
        {
            throw new PeerFaultException(string.Create(CultureInfo.InvariantCulture, $"No complete answer within {options.RequestSeconds} seconds."), inner: late);
        }
        catch (HttpRequestException broken)
        {
            throw new PeerFaultException(Cut(broken.Message), inner: broken);
        }
        catch (IOException broken)
        {
            throw new PeerFaultException($"The connection broke: {Cut(broken.Message)}", inner: broken);
        }
    }

    private PeerFaultException Fault(HttpResponseMessage response, byte[] body)
    {
        var title = "";
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                title = Cut($"{StixObject.Text(document.RootElement, "title")} {StixObject.Text(document.RootElement, "description")}".Trim());
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Servers answer errors as HTML; the status says enough.
            title = "";
        }
        var code = (int)response.StatusCode;
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date is { } date ? date - time.GetUtcNow() : null) : null;
        return new(string.Create(CultureInfo.InvariantCulture, $"The server answered {code}{(title.Length > 0 ? $": {title}" : "")}."), code, wait);
    }

    private AuthenticationHeaderValue? Authorization(Peer peer) => peer.SecretKind switch
    {
        "none" => null,
        _ when secrets.Unprotect(peer.Secret) is not { } secret => throw new PeerFaultException("The stored credentials cannot be decrypted. Enter them again."),
        "basic" => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{peer.Login}:{secrets.Unprotect(peer.Secret)}"))),
        _ => new("Bearer", secrets.Unprotect(peer.Secret)),
    };

    private JsonDocument Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = options.MaxJsonDepth });
        }
        catch (JsonException fault)
        {
            throw new PeerFaultException("The answer is not JSON within the limits.", inner: fault);
        }
    }

    private static string Cut(string text) => string.Concat(text.Where(c => !char.IsControl(c)).Take(300));
}
