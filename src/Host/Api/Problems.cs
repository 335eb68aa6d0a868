using System.Globalization;
using Appliance.Contracts;
using Microsoft.AspNetCore.Mvc;

namespace Appliance.Host.Api;

/// <summary>Refusals as problem details (RFC 9457), in the language of the request.</summary>
internal static class Problems
{
    public static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => 400,
        RefusalKind.Forbidden => 403,
        RefusalKind.NotFound => 404,
        RefusalKind.Conflict => 409,
        _ => 503,
    };

    public static Task WriteAsync(HttpContext context, int status, params IReadOnlyList<Refusal> refusals)
    {
        context.Response.StatusCode = status;
        // TAXII 2.1, section 3.6: its clients read errors in its own form only.
        if (context.Request.Path.StartsWithSegments("/taxii2", StringComparison.Ordinal))
        {
            var problem = Make(context, status, refusals);
            var error = new { title = problem.Title, http_status = status.ToString(CultureInfo.InvariantCulture), error_code = refusals[0].Key };
            return context.Response.WriteAsJsonAsync(error, options: null, contentType: "application/taxii+json;version=2.1", context.RequestAborted);
        }
        return context.Response.WriteAsJsonAsync(Make(context, status, refusals), options: null, contentType: "application/problem+json", context.RequestAborted);
    }

    public static ProblemDetails Make(HttpContext context, int status, IReadOnlyList<Refusal> refusals)
    {
        var text = context.RequestServices.GetRequiredService<IText>();
        string Say(Refusal refusal) => text.In(CultureInfo.CurrentUICulture, refusal.Key, [.. refusal.Arguments]);
        var problem = new ProblemDetails
        {
            Type = $"urn:cirt:{refusals[0].Key}",
            Title = Say(refusals[0]),
            Status = status,
            Instance = context.Request.Path,
        };
        problem.Extensions["errors"] = refusals.Select(r => new { code = r.Key, field = r.Field, message = Say(r) }).ToArray();
        return problem;
    }
}
