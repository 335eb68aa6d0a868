using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Appliance.Uplink.Taxii;

/// <summary>Media types of TAXII 2.1 (section 1.6.8) and who accepts what.</summary>
internal static class Media
{
    /// <summary>What we write.</summary>
    public const string Taxii = "application/taxii+json;version=2.1";

    /// <summary>What a collection holds.</summary>
    public const string Stix = "application/stix+json;version=2.1";

    /// <summary>True when the caller takes 2.1: named, without version ("the latest you speak"), by wildcard, or by saying nothing.</summary>
    public static bool Accepts(HttpRequest request)
    {
        var given = request.Headers.Accept;
        if (given.Count == 0)
            return true;
        if (!MediaTypeHeaderValue.TryParseList(given, out var types))
            return false;
        return types.Any(t => t.Quality is not 0 && (t.MediaType is { Value: "*/*" or "application/*" } || IsOurs(t)));
    }

    /// <summary>True when the body is said to be TAXII 2.1.</summary>
    public static bool IsTaxii(HttpRequest request) => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && IsOurs(type);

    private static bool IsOurs(MediaTypeHeaderValue type)
    {
        if (!type.MediaType.Equals("application/taxii+json", StringComparison.OrdinalIgnoreCase))
            return false;
        var version = type.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value;
        return version is null || HeaderUtilities.RemoveQuotes(version.Value).Equals("2.1", StringComparison.Ordinal);
    }
}
