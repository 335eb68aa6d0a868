using System.Net;
using System.Net.Http.Headers;
using Appliance.Kernel.Http;

namespace Appliance.Watch.Feeds;

/// <summary>What a source answered.</summary>
/// <param name="Content">Null when it did not change.</param>
internal sealed record FeedAnswer(int Status, byte[]? Content, string? ContentType, Uri Address, string? ETag, string? LastModified);

/// <summary>A source could not be read; the message is for the operator.</summary>
internal sealed class FeedUnreadException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Asks a source, naming what we already have, within limits of size and time.</summary>
internal sealed class FeedDownload(OutgoingHttp http, WatchOptions options)
{
    public async Task<FeedAnswer> GetAsync(Uri address, string? etag, string? lastModified, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/atom+xml"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/rss+xml"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.5));
        if (etag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        if (lastModified is not null)
            request.Headers.TryAddWithoutValidation("If-Modified-Since", lastModified);
        try
        {
            await using var answer = await http.SendAsync(request, new OutgoingLimits(options.FetchMaxKibibytes * 1024L, TimeSpan.FromSeconds(options.FetchTimeoutSeconds)), cancel);
            var status = (int)answer.Response.StatusCode;
            if (answer.Response.StatusCode == HttpStatusCode.NotModified)
                return new(status, null, null, answer.Address, etag, lastModified);
            if (!answer.Response.IsSuccessStatusCode)
                throw new FeedUnreadException($"{address.Host}: {status}");
            var content = await answer.ReadAllAsync();
            return new(status, content, answer.Response.Content.Headers.ContentType?.ToString(), answer.Address, Header(answer, "ETag"), Header(answer, "Last-Modified"));
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or IOException)
        {
            throw new FeedUnreadException(fault.Message, fault);
        }
    }

    private static string? Header(OutgoingAnswer answer, string name)
    {
        var found = answer.Response.Headers.TryGetValues(name, out var values) || answer.Response.Content.Headers.TryGetValues(name, out values) ? values.FirstOrDefault() : null;
        return found?.Length <= 500 ? found : null;
    }
}
