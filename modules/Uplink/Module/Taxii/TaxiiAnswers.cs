using System.Buffers;
using System.Text.Json;
using Appliance.Uplink.Stix;
using Microsoft.AspNetCore.Http;

namespace Appliance.Uplink.Taxii;

/// <summary>Writes one JSON value as TAXII.</summary>
internal sealed class TaxiiJson(Action<Utf8JsonWriter> write, int status = 200) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = Media.Taxii;
        httpContext.Response.ContentLength = buffer.WrittenCount;
        await httpContext.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted);
    }
}

/// <summary>Writes a page of objects, each with exactly the bytes that were approved.</summary>
internal sealed class EnvelopeAnswer(Served page, Func<Task> delivered) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Pages.Write(json, page);
            if (page.Items.Count > 0)
            {
                json.WriteStartArray("objects");
                foreach (var item in page.Items)
                    json.WriteRawValue(item.Body, skipInputValidation: true);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        Pages.Head(httpContext.Response, page);
        httpContext.Response.ContentType = Media.Taxii;
        httpContext.Response.ContentLength = buffer.WrittenCount;
        // Noted before the bytes go: a crash in between then says "taken" of something that may not have arrived, never the reverse.
        await delivered();
        await httpContext.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted);
    }
}

/// <summary>What every paged answer has in common.</summary>
internal static class Pages
{
    public static void Write(Utf8JsonWriter json, Served page)
    {
        // An empty result is the empty object (section 3.7): more and next only where there is more.
        if (!page.More)
            return;
        json.WriteBoolean("more", true);
        json.WriteString("next", page.Next);
    }

    public static void Head(HttpResponse response, Served page)
    {
        if (page.Items.Count == 0)
            return;
        response.Headers["X-TAXII-Date-Added-First"] = StixTime.Taxii(page.Items[0].DateAdded);
        response.Headers["X-TAXII-Date-Added-Last"] = StixTime.Taxii(page.Items[^1].DateAdded);
    }
}

/// <summary>A page of the manifest or of versions.</summary>
internal sealed class ListAnswer(Served page, Action<Utf8JsonWriter> write) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        Pages.Head(httpContext.Response, page);
        return new TaxiiJson(json =>
        {
            json.WriteStartObject();
            Pages.Write(json, page);
            write(json);
            json.WriteEndObject();
        }).ExecuteAsync(httpContext);
    }
}
