using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Files;

/// <summary>Gives a stranger's file to a browser so that it can only be saved: as an attachment of no particular type, in a sandbox without anything.</summary>
public static class FileDownload
{
    /// <summary>The answer of an endpoint; disposes <paramref name="content"/>.</summary>
    /// <param name="content">From <see cref="FileStore.Open"/>.</param>
    /// <param name="name">Suggested to the browser, made safe.</param>
    public static IResult Answer(Stream content, string name) => new Attachment(content, FileNames.Safe(name));

    private sealed class Attachment(Stream content, string name) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "private, no-store";
            headers["X-Download-Options"] = "noopen";
            return Results.Stream(content, "application/octet-stream", name, enableRangeProcessing: true).ExecuteAsync(httpContext);
        }
    }
}

/// <summary>File names of strangers.</summary>
public static class FileNames
{
    /// <summary>The name without folders, control and direction characters, at most 120 characters; <c>file</c> where nothing is left.</summary>
    public static string Safe(string? name)
    {
        var last = (name ?? "").Split('/', '\\')[^1];
        var safe = new StringBuilder();
        foreach (var rune in last.EnumerateRunes())
        {
            if (safe.Length >= 120)
                break;
            // Direction marks turn "exe.cod" into "doc.exe" on screen.
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                continue;
            safe.Append(rune.Value is ':' or '*' or '?' or '"' or '<' or '>' or '|' or 0xFFFD ? "_" : rune.ToString());
        }
        var text = safe.ToString().Trim(' ', '.');
        return text.Length == 0 ? "file" : text;
    }
}
