using Appliance.Contracts;
using Appliance.Host.Telemetry;
using Appliance.Host.Web;
using Appliance.Kernel;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Api;

/// <summary>Maps what the modules registered: every endpoint with its permission, every outcome as 200 or problem details. The one file that maps endpoints.</summary>
internal static class ModuleEndpoints
{
    public static void MapModuleEndpoints(this WebApplication app, ModuleSet modules)
    {
        foreach (var endpoint in modules.Modules.SelectMany(m => m.Endpoints))
        {
            var mapped = app.MapMethods(endpoint.Path, [endpoint.Method], endpoint.Handler)
                .AddEndpointFilter<OutcomeFilter>()
                .WithTags(endpoint.ModuleId)
                .DisableAntiforgeryFor(endpoint);
            if (endpoint.Example is { } example)
                mapped.WithMetadata(new RequestExample(example));
            if (endpoint.Permission is { } permission)
                mapped.WithMetadata(new NeedsPermission(permission));
            else
                mapped.WithMetadata(new AnswersEveryone(endpoint.PublicReason!));
        }
        app.MapGet("/metrics", Metrics.AnswerAsync).WithMetadata(new NeedsPermission(KernelPermissions.ReadMetrics));
        app.MapPost("/csp-report", CspReport.TakeAsync).WithMetadata(new AnswersEveryone("browsers report violations without credentials")).DisableAntiforgery();
        app.MapOpenApi("/api/v1/openapi.json").WithMetadata(new NeedsPermission(Permission.SignedIn));
    }

    /// <summary>The API takes a token in a header, which a foreign page cannot send, or a cookie from our own origin (the kernel's ForeignOrigin); forms of people carry an antiforgery token besides.</summary>
    private static RouteHandlerBuilder DisableAntiforgeryFor(this RouteHandlerBuilder mapped, EndpointRegistration endpoint) =>
        endpoint.Path.StartsWith("/api/", StringComparison.Ordinal) || endpoint.Path.StartsWith("/taxii2", StringComparison.Ordinal)
            ? mapped.DisableAntiforgery()
            : mapped;
}
