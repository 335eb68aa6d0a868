using Appliance.Host.Api;
using Appliance.Host.Composition;
using Appliance.Host.Telemetry;
using Appliance.Kernel.Data;
using Appliance.Kernel.Identity;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Appliance.Host.Web;

/// <summary>Builds the web host: services, listeners, the order of the middleware.</summary>
internal static class WebHost
{
    public static WebApplication Build(ModuleCatalog catalog, DataFolder data, DatabaseAccess access, IReadOnlyList<string> arguments)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
            ApplicationName = typeof(WebHost).Assembly.GetName().Name,
        });
        builder.Configuration.AddConfiguration(HostSettings.Load(data, arguments));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listeners.Open(kestrel, builder.Configuration, data));
        builder.WebHost.UseStaticWebAssets();
        var modules = builder.Services.AddModules(catalog, builder.Configuration);
        builder.Services.AddDatabase(data, access).AddHostBasics(catalog, modules, data);
        builder.Services.AddWeb(catalog, modules, data, builder.Configuration);

        var app = builder.Build();
        // Made now: what is counted before anyone listens is lost.
        app.Services.GetRequiredService<Metrics>();
        app.UseMiddleware<FaultMiddleware>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseRequestLocalization();
        // What people asked for in vain is drawn as a page; programs get problem+json from the middleware above.
        app.UseWhen(Challenge.IsPerson, people => people.UseExceptionHandler("/error").UseStatusCodePagesWithReExecute("/not-found"));
        app.UseWhen(context => !Challenge.IsPerson(context), programs => programs.UseStatusCodePages(ProblemAnswers.WriteAsync));
        app.UseMiddleware<Outage>();
        app.UseRouting();
        app.UseRateLimiter();
        app.UseKernelIdentity();
        app.UseMiddleware<PermissionMiddleware>();
        app.UseMiddleware<CredentialLimit.Middleware>();
        app.UseMiddleware<Idempotency>();
        app.UseMiddleware<CircuitGate>();
        app.UseAntiforgery();
        app.MapStaticAssets().WithMetadata(new AnswersEveryone("style sheets, scripts and pictures of the product itself"));
        app.MapModuleEndpoints(modules);
        app.MapPages(catalog, modules);
        DeclaredRights.Demand(app);
        return app;
    }
}
