using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Health;

/// <summary><c>GET /health</c>: for load balancers and monitors. States only; what was measured is for people who log in.</summary>
internal static class HealthEndpoint
{
    public static void Describe(IModuleBuilder builder) =>
        builder.PublicEndpoint("GET", "/health", "monitors ask without credentials; it names checks and states, nothing else", AnswerAsync);

    private static async Task<IResult> AnswerAsync(HttpContext http, HealthBoard board, CancellationToken cancel)
    {
        var report = await board.ReadAsync(cancel);
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            new
            {
                state = Word(report.State),
                at = report.At,
                checks = report.Lines.ToDictionary(l => l.Name, l => Word(l.Reading.State)),
            },
            statusCode: report.State == HealthState.Failed ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    internal static string Word(HealthState state) => state switch
    {
        HealthState.Good => "good",
        HealthState.Degraded => "degraded",
        _ => "failed",
    };
}
