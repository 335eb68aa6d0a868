using System.Reflection;
using Appliance.Contracts;

namespace Appliance.Host.Api;

/// <summary>Turns an <see cref="Outcome{T}"/> into an HTTP answer.</summary>
internal sealed class OutcomeFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
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
}
