using Appliance.Contracts;
using Microsoft.AspNetCore.Diagnostics;

namespace Appliance.Host.Api;

/// <summary>Gives every refusal without a body the body that programs expect: problem details.</summary>
internal static class ProblemAnswers
{
    public static Task WriteAsync(StatusCodeContext status)
    {
        var http = status.HttpContext;
        var code = http.Response.StatusCode;
        return Problems.WriteAsync(http, code, RefusalOf(http, code));
    }

    private static Refusal RefusalOf(HttpContext http, int code) => code switch
    {
        StatusCodes.Status401Unauthorized => Refuse.Forbidden("kernel.refused.sign-in"),
        StatusCodes.Status403Forbidden => Refuse.Forbidden("kernel.refused.cross-site"),
        StatusCodes.Status404NotFound => Refuse.NotFound("kernel.refused.path", http.Request.Path.ToString()),
        StatusCodes.Status405MethodNotAllowed => Refuse.Invalid("kernel.refused.method", null, http.Request.Method, http.Response.Headers.Allow.ToString()),
        StatusCodes.Status413PayloadTooLarge => Refuse.Invalid("kernel.refused.large"),
        StatusCodes.Status415UnsupportedMediaType => Refuse.Invalid("kernel.refused.media", null, http.Request.ContentType ?? "-"),
        StatusCodes.Status429TooManyRequests => Refuse.Unavailable("kernel.refused.often", http.Response.Headers.RetryAfter.ToString()),
        < 500 => Refuse.Invalid("kernel.refused.request", null, code),
        _ => Refuse.Unavailable("kernel.refused.fault", http.TraceIdentifier),
    };
}
