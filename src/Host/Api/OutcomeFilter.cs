using System.Reflection;
using Appliance.Contracts;

namespace Appliance.Host.Api;

/// <summary>Turns an <see cref="Outcome{T}"/> into an HTTP answer, and refuses cross-site state changes that ride on a cookie.</summary>
internal sealed class OutcomeFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (IsCrossSite(http))
            return Results.Problem(Problems.Make(http, 403, [Refuse.Forbidden("kernel.refused.cross-site")]));
        var answer = await next(context);
        if (answer is null || !answer.GetType().IsGenericType || answer.GetType().GetGenericTypeDefinition() != typeof(Outcome<>))
            return answer;
        return (IResult)s_convert.MakeGenericMethod(answer.GetType().GetGenericArguments()[0]).Invoke(null, [http, answer])!;
    }

    private static readonly MethodInfo s_convert = typeof(OutcomeFilter).GetMethod(nameof(Convert), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static IResult Convert<T>(HttpContext http, Outcome<T> outcome)
    {
        if (outcome.TryGet(out var value))
            return value is Done ? Results.NoContent() : Results.Ok(value);
        var status = Problems.StatusOf(outcome.Refusals[0].Kind);
        return Results.Problem(Problems.Make(http, status, outcome.Refusals));
    }

    /// <summary>A request that carries a cookie and changes state must come from our own origin (Fetch Metadata, with Origin as the fallback).</summary>
    private static bool IsCrossSite(HttpContext http)
    {
        var request = http.Request;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || request.Headers.Authorization.Count > 0 || request.Headers.Cookie.Count == 0)
            return false;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is not ("same-origin" or "none");
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
