using System.Security.Claims;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Telemetry;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Identity;

/// <summary>The plain forms around log-in. See README.md beside this file for the fields and answers.</summary>
internal static class AccountEndpoints
{
    public static void Describe(IModuleBuilder builder)
    {
        builder.PublicEndpoint("POST", "/account/login", "this is how one logs in", LogInAsync);
        builder.PublicEndpoint("POST", "/account/second-factor", "second half of logging in", SecondFactorAsync);
        builder.PublicEndpoint("POST", "/account/logout", "leaving must work even when the session has just ended", LogOutAsync);
        builder.PublicEndpoint("POST", "/account/setup", "makes the first administrator; needs the one-time link", SetUpAsync);
        builder.PublicEndpoint("POST", "/account/invite", "sets a password; needs the one-time link", AcceptAsync);
    }

    private static async Task<IResult> LogInAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, LogIn logIn, CancellationToken cancel)
    {
        if (await FormAsync(http, forgery, limit, cookies, cancel) is not { Form: { } form } read)
            return Refused("/login", "kernel.form.refused", "/");
        if (read.Refusal is { } refusal)
            return Refused("/login", refusal, Local(form["next"]));
        var step = await logIn.ByPasswordAsync(form["name"], form["password"], From(http), cancel);
        Instruments.LogIn(step.RefusedBy is not null ? "refused" : step.Session is null ? "needs code" : "in");
        return await AnswerAsync(http, step, "/login", Local(form["next"]));
    }

    private static async Task<IResult> SecondFactorAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, LogIn logIn, CancellationToken cancel)
    {
        if (await FormAsync(http, forgery, limit, cookies, cancel) is not { Form: { } form } read)
            return Refused("/login", "kernel.form.refused", "/");
        var back = Local(form["next"]);
        if (read.Refusal is { } refusal)
            return Refused("/login?step=code", refusal, back);
        var half = await http.AuthenticateAsync(Schemes.SecondFactor);
        if (!Guid.TryParse(half.Principal?.FindFirstValue(Schemes.UserClaim), out var id))
            return Refused("/login", "kernel.login.expired", back);
        var step = await logIn.ByCodeAsync(new UserId(id), form["code"], From(http), cancel);
        return await AnswerAsync(http, step, "/login?step=code", back);
    }

    private static async Task<IResult> LogOutAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, LogIn logIn, ICurrentViewer current, CancellationToken cancel)
    {
        if (await FormAsync(http, forgery, limit, cookies, cancel) is not { Refusal: null })
            return Refused("/login", "kernel.form.refused", "/");
        if (Schemes.SessionOf(http.User) is { } session && await current.FindAsync(cancel) is { } viewer)
            await logIn.CloseAsync(session, viewer, cancel);
        await http.SignOutAsync(Schemes.Cookie);
        await http.SignOutAsync(Schemes.SecondFactor);
        return Results.LocalRedirect("/login");
    }

    private static async Task<IResult> SetUpAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, CreateFirstAdministrator act, LogIn logIn, CancellationToken cancel)
    {
        if (await FormAsync(http, forgery, limit, cookies, cancel) is not { Form: { } form } read)
            return Refused("/setup", "kernel.form.refused", "/");
        var page = $"/setup?token={Uri.EscapeDataString(form["token"].ToString())}";
        if (read.Refusal is { } refusal)
            return Refused(page, refusal, null);
        var request = new FirstAdministrator(form["token"].ToString(), form["name"].ToString(), form["display"].ToString(), form["mail"].ToString(), form["password"].ToString(), form["language"].ToString());
        var outcome = await act.RunAsync(Viewer.System("kernel"), request, cancel);
        if (!outcome.TryGet(out var id))
            return Refused(page, outcome.Refusals[0].Key, null);
        return await AnswerAsync(http, await logIn.OpenAsync(id, "set-up link", From(http), cancel), "/login", Local(form["next"]));
    }

    private static async Task<IResult> AcceptAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, AcceptInvitation act, LogIn logIn, CancellationToken cancel)
    {
        if (await FormAsync(http, forgery, limit, cookies, cancel) is not { Form: { } form } read)
            return Refused("/login", "kernel.form.refused", "/");
        var page = $"/invite/{Uri.EscapeDataString(form["token"].ToString())}";
        if (read.Refusal is { } refusal)
            return Refused(page, refusal, null);
        var outcome = await act.RunAsync(Viewer.System("kernel"), new(form["token"].ToString(), form["password"].ToString(), form["language"].ToString()), cancel);
        if (!outcome.TryGet(out var id))
            return Refused(page, outcome.Refusals[0].Key, null);
        return await AnswerAsync(http, await logIn.OpenAsync(id, "one-time link", From(http), cancel), "/login", Local(form["next"]));
    }

    private static async Task<IResult> AnswerAsync(HttpContext http, LogInStep step, string page, string back)
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

    private static async Task<FormRead?> FormAsync(HttpContext http, IAntiforgery forgery, AddressLimit limit, CookieNames cookies, CancellationToken cancel)
    {
        if (!limit.Allows(http.Connection.RemoteIpAddress) || !http.Request.HasFormContentType || http.Request.ContentLength > 64 * 1024)
            return null;
        var form = await http.Request.ReadFormAsync(cancel);
        if (!cookies.Allows(http))
            return new(form, "kernel.login.plain");
        return new(form, await forgery.IsRequestValidAsync(http) ? null : "kernel.form.expired");
    }

    private static IResult Refused(string page, string key, string? back)
    {
        var query = $"{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}refused={Uri.EscapeDataString(key)}";
        return Results.LocalRedirect(page + query + (back is null or "/" ? "" : $"&next={Uri.EscapeDataString(back)}"));
    }

    /// <summary>A path of this site, or the start page: no scheme, no host, no backslash, no control character.</summary>
    internal static string Local(string? path) =>
        path is ['/', ..] && path is not ['/', '/' or '\\', ..] && path.Length <= 2000 && !path.Any(c => char.IsControl(c) || c == '\\') ? path : "/";

    private static LogInFrom From(HttpContext http) => new(http.Connection.RemoteIpAddress, http.Request.Headers.UserAgent.ToString());

    private sealed record FormRead(IFormCollection Form, string? Refusal);
}
