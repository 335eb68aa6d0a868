using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Appliance.Kernel.Files;

/// <summary>A file that a browser or a program sends: a multipart form whose first file is streamed, or the bare bytes with <c>?name=</c>.</summary>
/// <param name="Name">As the sender wrote it; hostile.</param>
/// <param name="Content">Its bytes, from the line; read once.</param>
public sealed record Upload(string Name, Stream Content)
{
    private const int FormOverhead = 1 << 20;

    /// <summary>Opens what <paramref name="http"/> brings, which may be as long as <paramref name="limit"/> bytes; null where there is no file in it. Reading past the limit throws a bad request.</summary>
    public static async Task<Upload?> OpenAsync(HttpContext http, long limit, CancellationToken cancel)
    {
        Allow(http, limit + FormOverhead);
        var type = http.Request.ContentType ?? "";
        if (!type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return new(http.Request.Query["name"].ToString(), http.Request.Body);
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(type).Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > 100)
            return null;
        var reader = new MultipartReader(boundary, http.Request.Body) { BodyLengthLimit = null };
        while (await reader.ReadNextSectionAsync(cancel) is { } section)
        {
            if (section.AsFileSection() is { } file)
                return new(file.FileName, file.FileStream ?? Stream.Null);
        }
        return null;
    }

    private static void Allow(HttpContext http, long bytes)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = bytes;
        // A slow link may bring gigabytes; it must only not stand still.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            // HTTP/2 knows a rate of its own for the whole connection only, and here takes nothing but "none".
            rate.MinDataRate = HttpProtocol.IsHttp11(http.Request.Protocol) ? new(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(30)) : null;
    }
}
