using Appliance.Contracts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Identity;

/// <summary>What the host calls to know who asks.</summary>
public static class KernelIdentity
{
    /// <summary>Registers the current viewer and the authentication schemes of the web faces. Accounts, sessions and tokens come with the kernel module.</summary>
    public static IServiceCollection AddKernelIdentity(this IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        AddSchemes(services);
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddScoped<CurrentViewer>();
        services.AddScoped<ICurrentViewer>(s => s.GetRequiredService<CurrentViewer>());
        services.AddScoped<AuthenticationStateProvider, CircuitAuthentication>();
        services.AddScoped<CircuitHandler, CircuitActivity>();
        services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "cirt-form";
            o.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            o.Cookie.SameSite = SameSiteMode.Strict;
            o.HeaderName = "X-Cirt-Forgery";
        });
        return services;
    }

    /// <summary>Authentication, and the refusal of requests that another site made a browser send. Call after routing and before anything that asks who is there.</summary>
    public static IApplicationBuilder UseKernelIdentity(this IApplicationBuilder app) =>
        app.UseAuthentication().UseMiddleware<ForeignOrigin>();

    private static void AddSchemes(IServiceCollection services)
    {
        services.AddAuthentication(Schemes.Any)
            .AddPolicyScheme(Schemes.Any, null, o => o.ForwardDefaultSelector = http => http.Request.Headers.Authorization.ToString() switch
            {
                var h when h.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) => Schemes.Bearer,
                var h when h.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) => Schemes.Basic,
                _ => Schemes.Cookie,
            })
            .AddCookie(Schemes.Cookie, o => Describe(o, "cirt", TimeSpan.FromHours(24)))
            .AddCookie(Schemes.SecondFactor, o => Describe(o, "cirt-second-factor", TimeSpan.FromMinutes(5)))
            .AddScheme<AuthenticationSchemeOptions, TokenScheme>(Schemes.Bearer, null)
            .AddScheme<AuthenticationSchemeOptions, TokenScheme>(Schemes.Basic, null);
        services.AddSingleton<IPostConfigureOptions<CookieAuthenticationOptions>, CookieNaming>();
    }

    private static void Describe(CookieAuthenticationOptions options, string name, TimeSpan lives)
    {
        options.Cookie.Name = name;
        options.Cookie.Path = "/";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = lives;
        options.SlidingExpiration = false;
        options.LoginPath = "/login";
        options.ReturnUrlParameter = "next";
        options.Events.OnValidatePrincipal = CheckSessionAsync;
        options.Events.OnRedirectToLogin = context => AnswerAsync(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        };
    }

    /// <summary>The cookie only names the session; the row says whether it still counts.</summary>
    private static async Task CheckSessionAsync(CookieValidatePrincipalContext context)
    {
        if (context.Scheme.Name != Schemes.Cookie)
            return;
        var http = context.HttpContext;
        var sessions = http.RequestServices.GetRequiredService<Sessions>();
        if (Schemes.SessionOf(context.Principal) is { } session && await sessions.LookAsync(session, http.RequestAborted) is { } live)
        {
            var from = LogInFrom.Of(http);
            if (Sessions.IsSameBrowser(live.Agent, from.Agent))
            {
                await sessions.TouchAsync(session, from.Address, http.RequestAborted);
                return;
            }
            await sessions.AlarmAsync(session, from, http.RequestAborted);
        }
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(Schemes.Cookie);
    }

    private static Task AnswerAsync(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            context.Response.Redirect(context.RedirectUri);
        else
            context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private sealed class CookieNaming(CookieNames names) : IPostConfigureOptions<CookieAuthenticationOptions>
    {
        public void PostConfigure(string? name, CookieAuthenticationOptions options) => options.CookieManager = names;
    }
}
