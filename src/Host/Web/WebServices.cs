using System.Text.Json.Serialization;
using System.Threading.RateLimiting;
using Appliance.Contracts;
using Appliance.Host.Api;
using Appliance.Host.Composition;
using Appliance.Host.Telemetry;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Appliance.Ui;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Appliance.Host.Web;

/// <summary>The services of the web face: identity, texts, pages, API documents, limits.</summary>
internal static class WebServices
{
    // A field's whole text comes in one message, and one that is longer ends the circuit. The longest are a mebibyte of rules, whose quotation marks come as two bytes,
    // and a draft of at most 200,000 letters, none of which needs more than six.
    private const int LongestMessage = (2 << 20) + 8192;

    public static IServiceCollection AddWeb(this IServiceCollection services, ModuleCatalog catalog, ModuleSet modules, DataFolder data, IConfiguration configuration)
    {
        services.AddSingleton(new PageAssemblies(catalog.PageAssemblies(modules)));
        services.AddSingleton<INavigation, Navigation>();
        services.AddSingleton<ShellState>().AddSingleton<IShellState>(s => s.GetRequiredService<ShellState>()).AddHostedService(s => s.GetRequiredService<ShellState>());
        services.AddRazorComponents().AddInteractiveServerComponents(c =>
        {
            c.DisconnectedCircuitMaxRetained = 50;
            c.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(3);
            c.DetailedErrors = false;
        }).AddHubOptions(h => h.MaximumReceiveMessageSize = LongestMessage);
        services.AddKernelIdentity();
        // Endpoints take the viewer as a parameter; PermissionMiddleware has put it there.
        services.AddScoped(s => (Viewer)s.GetRequiredService<IHttpContextAccessor>().HttpContext!.Items[PermissionMiddleware.ViewerItem]!);
        services.AddSingleton<CircuitLimits>().AddScoped<CircuitHandler, CircuitCounter>();
        services.AddRouting();
        services.AddTelemetry(configuration);
        // The address names no document, and then the framework means this one.
        services.AddOpenApi("v1", o => o.AddOperationTransformer(ApiDocument.CompleteAsync));
        services.AddSingleton<CredentialLimit>();
        services.ConfigureHttpJsonOptions(j =>
        {
            // A member that is missing is the sender's mistake and named as such, not a fault in the handler that trusted it.
            j.SerializerOptions.RespectRequiredConstructorParameters = true;
            j.SerializerOptions.RespectNullableAnnotations = true;
            // So is one that nobody reads: a misspelt name must not pass for an instruction that was followed.
            j.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            j.SerializerOptions.DefaultIgnoreCondition = OutboxJson.Options.DefaultIgnoreCondition;
            foreach (var converter in OutboxJson.Options.Converters)
                j.SerializerOptions.Converters.Add(converter);
        });
        // Thrown, so that the answer can say what is wrong and where.
        services.Configure<RouteHandlerOptions>(r => r.ThrowOnBadRequest = true);
        services.AddRateLimiter(l =>
        {
            l.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            l.OnRejected = (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "1";
                return ValueTask.CompletedTask;
            };
            // One address cannot starve the others; people at work stay far below it.
            l.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(c =>
                RateLimitPartition.GetTokenBucketLimiter(c.Connection.RemoteIpAddress?.ToString() ?? "-", _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = 1500,
                    TokensPerPeriod = 300,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                    QueueLimit = 0,
                }));
        });
        return services;
    }
}
