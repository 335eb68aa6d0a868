using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Appliance.Kernel.Identity;

/// <summary>Refuses what another site made a browser send: every change made with a cookie, and every WebSocket. Credentials in a header cannot be sent that way.</summary>
/// <remarks>Fetch Metadata where the browser sends it, else the Origin header; a program that sends neither is no browser. Forms carry an antiforgery token besides.</remarks>
internal sealed class ForeignOrigin(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        var changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);
        var socket = request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase);
        if ((!changes && !socket) || !StringValues.IsNullOrEmpty(request.Headers.Authorization) || IsOwn(request))
            return next(http);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private static bool IsOwn(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site && site is not ("same-origin" or "none"))
            return false;
        return request.Headers.Origin.ToString() is not { Length: > 0 } origin
            || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Scheme == request.Scheme && new HostString(from.Authority).Equals(Normal(request)));
    }

    /// <summary>The host as a browser writes it in Origin: without the scheme's own port.</summary>
    private static HostString Normal(HttpRequest request) =>
        request.Host.Port is { } port && port == (request.IsHttps ? 443 : 80) ? new(request.Host.Host) : request.Host;
}
