using System.Reflection;
using Microsoft.AspNetCore.WebUtilities;

namespace Appliance.Host.Api;

/// <summary>The address of the next page of a list read by key, as a Link header (RFC 8288).</summary>
internal static class NextPage
{
    private static readonly string[] s_keys = ["after", "before"];

    public static void Link(HttpContext http, object? page)
    {
        if (page?.GetType() is not { IsGenericType: true } type || type.GetGenericTypeDefinition() != typeof(Contracts.Page<>))
            return;
        if (type.GetProperty("Next")!.GetValue(page) is not string next || KeyOf(http) is not { } key)
            return;
        var query = QueryHelpers.ParseQuery(http.Request.QueryString.Value).Where(q => q.Key != key).SelectMany(q => q.Value, (q, value) => KeyValuePair.Create(q.Key, value));
        var address = QueryHelpers.AddQueryString(http.Request.Path, query.Append(new(key, next)));
        http.Response.Headers.Append("Link", $"<{address}>; rel=\"next\"");
    }

    /// <summary>The parameter by which this endpoint takes the key of a page.</summary>
    private static string? KeyOf(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>()?.GetParameters().Select(p => p.Name).FirstOrDefault(s_keys.Contains);
}
