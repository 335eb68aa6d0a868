using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Identity;

/// <summary>What all plain forms around log-in share: how they are read, where they lead, how a log-in is answered.</summary>
internal sealed class AccountForms(IAntiforgery forgery, AddressLimit limit, CookieNames cookies)
{
    /// <summary>Reads a form; null when it is none, too long, or the address sent too many.</summary>
    public async Task<FormRead?> ReadAsync(HttpContext http, CancellationToken cancel)
    {
        if (!limit.Allows(http.Connection.RemoteIpAddress) || !http.Request.HasFormContentType || http.Request.ContentLength > 64 * 1024)
            return null;
        var form = await http.Request.ReadFormAsync(cancel);
        if (!cookies.Allows(http))
            return new(form, "kernel.login.plain");
        return new(form, await forgery.IsRequestValidAsync(http) ? null : "kernel.form.expired");
    }

    /// <summary>Answers how far a log-in came, with the cookies that go with it.</summary>
    public static async Task<IResult> AnswerAsync(HttpContext http, LogInStep step, string page, string back)
    {
        if (step.RefusedBy is { } key)
            return Refused(page, key, back);
        // Whoever was logged in with this browser no longer is: the id before and after never agree.
        await http.SignOutAsync(Schemes.Cookie);
        await http.SignOutAsync(Schemes.SecondFactor);
        if (step.Session is { } session)
        {
            await http.SignInAsync(Schemes.Cookie, Schemes.PrincipalOfSession(session, step.User!.DisplayName));
            return Results.LocalRedirect(back);
        }
        await http.SignInAsync(Schemes.SecondFactor, new(new ClaimsIdentity([new(Schemes.UserClaim, step.User!.Id.ToString())], Schemes.SecondFactor)));
        return Results.LocalRedirect($"/login?step=code&next={Uri.EscapeDataString(back)}");
    }

    /// <summary>Back to the page, with the key of what was wrong.</summary>
    public static IResult Refused(string page, string key, string? back)
    {
        var query = $"{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}refused={Uri.EscapeDataString(key)}";
        return Results.LocalRedirect(page + query + (back is null or "/" ? "" : $"&next={Uri.EscapeDataString(back)}"));
    }

    /// <summary>A path of this site, or the start page: no scheme, no host, no backslash, no control character.</summary>
    public static string Local(string? path) =>
        path is ['/', ..] && path is not ['/', '/' or '\\', ..] && path.Length <= 2000 && !path.Any(c => char.IsControl(c) || c == '\\') ? path : "/";
}

/// <summary>A form with what is wrong with it.</summary>
/// <param name="Form">The fields.</param>
/// <param name="Refusal">Resource key, or null.</param>
internal sealed record FormRead(IFormCollection Form, string? Refusal);
