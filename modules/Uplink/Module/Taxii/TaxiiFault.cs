using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Appliance.Uplink.Taxii;

/// <summary>A refusal as TAXII's error resource (section 3.6.1): never HTML, always with a title.</summary>
internal sealed class TaxiiFault(int status, string title, string description = "") : IResult
{
    public int Status => status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        if (status == 401)
            httpContext.Response.Headers.WWWAuthenticate = "Basic realm=\"taxii\", charset=\"UTF-8\", Bearer realm=\"taxii\"";
        httpContext.Response.ContentType = Media.Taxii;
        var body = new JsonObject { ["title"] = title, ["http_status"] = status.ToString(CultureInfo.InvariantCulture), ["error_id"] = httpContext.TraceIdentifier };
        if (description.Length > 0)
            body["description"] = description;
        return httpContext.Response.WriteAsync(body.ToJsonString(), httpContext.RequestAborted);
    }

    public static TaxiiFault NotAcceptable() => new(406, "Not acceptable", $"This server answers {Media.Taxii}. Send that, application/taxii+json or */* in Accept.");

    public static TaxiiFault WrongBody() => new(415, "Unsupported media type", $"Send the envelope as {Media.Taxii}.");

    public static TaxiiFault TooLarge(int mebibytes) => new(413, "Request too large", string.Create(CultureInfo.InvariantCulture, $"The limit is {mebibytes} MiB (max_content_length of the API root). Send fewer objects at a time."));

    public static TaxiiFault Unknown() => new(404, "Not found", "There is no such resource here, or it is not for you.");

    public static TaxiiFault Bad(string description) => new(400, "Bad request", description);
}
