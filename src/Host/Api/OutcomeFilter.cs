using System.Collections.Concurrent;
using System.Reflection;
using Appliance.Contracts;

namespace Appliance.Host.Api;

/// <summary>Turns an <see cref="Outcome{T}"/> into an HTTP answer: the next page as a Link, the version as an entity tag, refusals as problem details.</summary>
internal sealed class OutcomeFilter : IEndpointFilter
{
    private static readonly MethodInfo s_convert = typeof(OutcomeFilter).GetMethod(nameof(Convert), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static readonly ConcurrentDictionary<Type, MethodInfo> s_converts = new();

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (VersionTags.Demand(context) is { } refused)
            return refused;
        var answer = await next(context);
        if (answer is null || !answer.GetType().IsGenericType || answer.GetType().GetGenericTypeDefinition() != typeof(Outcome<>))
            return answer;
        var convert = s_converts.GetOrAdd(answer.GetType().GetGenericArguments()[0], type => s_convert.MakeGenericMethod(type));
        return (IResult)convert.Invoke(null, [http, answer])!;
    }

    private static IResult Convert<T>(HttpContext http, Outcome<T> outcome)
    {
        if (outcome.TryGet(out var value))
        {
            NextPage.Link(http, value);
            return value is Done ? Results.NoContent() : VersionTags.Answer(http, value) ?? Results.Ok(value);
        }
        var refusal = outcome.Refusals[0];
        var status = refusal.IsStale && http.Request.Headers.IfMatch.Count > 0 ? StatusCodes.Status412PreconditionFailed : Problems.StatusOf(refusal.Kind);
        return Results.Problem(Problems.Make(http, status, outcome.Refusals));
    }
}
