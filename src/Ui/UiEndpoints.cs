using Appliance.Contracts;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Appliance.Ui;

/// <summary>The endpoints of the face itself.</summary>
public static class UiEndpoints
{
    /// <summary>Maps <c>POST /account/language</c>: keeps the language in the culture cookie and goes back to where the form stood.</summary>
    public static IEndpointRouteBuilder MapUi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/account/language", (HttpContext http, UiOptions options, [FromForm] string language, [FromForm] string? back) =>
        {
            if (Languages.All.Contains(language) || (options.PseudoLocale && language == TextCatalog.Pseudo))
            {
                http.Response.Cookies.Append(
                    CookieRequestCultureProvider.DefaultCookieName,
                    CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(language)),
                    new CookieOptions { MaxAge = TimeSpan.FromDays(365), HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = http.Request.IsHttps, IsEssential = true });
            }

            return Results.LocalRedirect(LocalPath.OrHome(back));
        }).AllowAnonymous();
        return endpoints;
    }
}

/// <summary>Keeps redirects inside the appliance.</summary>
public static class LocalPath
{
    /// <summary><paramref name="path"/> when it is a path on this host, else <c>/</c>.</summary>
    public static string OrHome(string? path) =>
        path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal) && !path.StartsWith("/\\", StringComparison.Ordinal) && !path.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? path
            : "/";
}
