using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Appliance.Contracts;

namespace Appliance.Host.Api;

/// <summary>
/// Versions as entity tags. A thing that counts its versions answers with <c>ETag: "v7"</c>; an update may name the version it saw in <c>If-Match</c> instead of in its body.
/// What decides is the handler's own check inside its transaction, so that nothing slips in between.
/// </summary>
internal static class VersionTags
{
    private static readonly ConcurrentDictionary<Type, Func<object, int?>> s_readers = new();

    /// <summary>304 where the asker has this version, else null; sets the tag.</summary>
    public static IResult? Answer(HttpContext http, object? value)
    {
        if (value is null || s_readers.GetOrAdd(value.GetType(), ReaderOf)(value) is not { } version)
            return null;
        var tag = TagOf(version);
        http.Response.Headers.ETag = tag;
        return HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.IfNoneMatch.Any(t => t is not null && t.Split(',').Any(one => one.Trim() == tag))
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : null;
    }

    /// <summary>Puts the version of If-Match into the body's; a refusal where the two disagree or the tag is none of ours.</summary>
    public static IResult? Demand(EndpointFilterInvocationContext context)
    {
        var http = context.HttpContext;
        if (http.Request.Headers.IfMatch.ToString() is not { Length: > 0 } tag || HttpMethods.IsGet(http.Request.Method) || tag == "*")
            return null;
        var body = context.Arguments.FirstOrDefault(a => a is not null && VersionOf(a.GetType()) is not null);
        if (body is null)
            return Refused(http, StatusCodes.Status400BadRequest, Refuse.Invalid("kernel.refused.no-version", "If-Match"));
        if (Read(tag) is not { } wanted)
            return Refused(http, StatusCodes.Status412PreconditionFailed, Refuse.Invalid("kernel.refused.tag", "If-Match", tag));
        var property = VersionOf(body.GetType())!;
        var given = (int)property.GetValue(body)!;
        if (given == 0)
            property.SetValue(body, wanted);
        else if (given != wanted)
            return Refused(http, StatusCodes.Status412PreconditionFailed, Refuse.Invalid("kernel.refused.tag", "If-Match", tag));
        return null;
    }

    private static string TagOf(int version) => string.Create(CultureInfo.InvariantCulture, $"\"v{version}\"");

    private static int? Read(string tag) =>
        tag is ['"', 'v', .., '"'] && int.TryParse(tag.AsSpan(2, tag.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    private static IResult Refused(HttpContext http, int status, Refusal refusal) => Results.Problem(Problems.Make(http, status, [refusal]));

    private static PropertyInfo? VersionOf(Type type) => type.GetProperty("Version") is { CanWrite: true } property && property.PropertyType == typeof(int) ? property : null;

    /// <summary>The version of the thing itself, or of the one thing that a sheet is about.</summary>
    private static Func<object, int?> ReaderOf(Type type)
    {
        if (type.GetProperty("Version") is { } own && own.PropertyType == typeof(int))
            return value => (int)own.GetValue(value)!;
        var inner = type.Namespace?.StartsWith("Appliance.", StringComparison.Ordinal) == true
            ? type.GetProperties().FirstOrDefault(p => p.PropertyType.IsClass && p.PropertyType.Namespace?.StartsWith("Appliance.", StringComparison.Ordinal) == true && p.PropertyType.GetProperty("Version")?.PropertyType == typeof(int))
            : null;
        return inner is null ? _ => null : value => inner.GetValue(value) is { } found ? (int)inner.PropertyType.GetProperty("Version")!.GetValue(found)! : null;
    }
}
