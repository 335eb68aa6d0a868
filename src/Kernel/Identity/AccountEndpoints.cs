using System.Security.Claims;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Telemetry;
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
        builder.Endpoint("GET", "/account/renew", Permission.Enrolling, RenewAsync);
        builder.PublicEndpoint("POST", "/account/setup", "makes the first administrator; needs the one-time link", SetUpAsync);
        builder.PublicEndpoint("POST", "/account/invite", "sets a password; needs the one-time link", AcceptAsync);
    }

    private static async Task<IResult> LogInAsync(HttpContext http, AccountForms forms, LogIn logIn, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read)
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        if (read.Refusal is { } refusal)
            return AccountForms.Refused("/login", refusal, AccountForms.Local(form["next"]));
        var step = await logIn.ByPasswordAsync(form["name"], form["password"], LogInFrom.Of(http), cancel);
        Instruments.LogIn(step.RefusedBy is not null ? "refused" : step.Session is null ? "needs code" : "in");
        return await AccountForms.AnswerAsync(http, step, "/login", AccountForms.Local(form["next"]));
    }

    private static async Task<IResult> SecondFactorAsync(HttpContext http, AccountForms forms, LogIn logIn, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read)
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        var back = AccountForms.Local(form["next"]);
        if (read.Refusal is { } refusal)
            return AccountForms.Refused("/login?step=code", refusal, back);
        var half = await http.AuthenticateAsync(Schemes.SecondFactor);
        if (!Guid.TryParse(half.Principal?.FindFirstValue(Schemes.UserClaim), out var id))
            return AccountForms.Refused("/login", "kernel.login.expired", back);
        var step = await logIn.ByCodeAsync(new UserId(id), form["code"], LogInFrom.Of(http), cancel);
        return await AccountForms.AnswerAsync(http, step, "/login?step=code", back);
    }

    private static async Task<IResult> LogOutAsync(HttpContext http, AccountForms forms, LogIn logIn, ICurrentViewer current, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Refusal: null })
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        if (Schemes.SessionOf(http.User) is { } session && await current.FindAsync(cancel) is { } viewer)
            await logIn.CloseAsync(session, viewer, cancel);
        await http.SignOutAsync(Schemes.Cookie);
        await http.SignOutAsync(Schemes.SecondFactor);
        return Results.LocalRedirect("/login");
    }

    private static async Task<IResult> SetUpAsync(HttpContext http, AccountForms forms, CreateFirstAdministrator act, LogIn logIn, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read)
            return AccountForms.Refused("/setup", "kernel.form.refused", "/");
        var page = $"/setup?token={Uri.EscapeDataString(form["token"].ToString())}";
        if (read.Refusal is { } refusal)
            return AccountForms.Refused(page, refusal, null);
        var request = new FirstAdministrator(form["token"].ToString(), form["name"].ToString(), form["display"].ToString(), form["mail"].ToString(), form["password"].ToString(), form["language"].ToString());
        var outcome = await act.RunAsync(Viewer.System("kernel"), request, cancel);
        if (!outcome.TryGet(out var id))
            return AccountForms.Refused(page, outcome.Refusals[0].Key, null);
        return await AccountForms.AnswerAsync(http, await logIn.OpenByLinkAsync(id, LogInFrom.Of(http), cancel), "/login", AccountForms.Local(form["next"]));
    }

    private static async Task<IResult> AcceptAsync(HttpContext http, AccountForms forms, AcceptInvitation act, LogIn logIn, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read)
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        var page = $"/invite/{Uri.EscapeDataString(form["token"].ToString())}";
        if (read.Refusal is { } refusal)
            return AccountForms.Refused(page, refusal, null);
        var outcome = await act.RunAsync(Viewer.System("kernel"), new(form["token"].ToString(), form["password"].ToString(), form["language"].ToString()), cancel);
        if (!outcome.TryGet(out var id))
            return AccountForms.Refused(page, outcome.Refusals[0].Key, null);
        return await AccountForms.AnswerAsync(http, await logIn.OpenByLinkAsync(id, LogInFrom.Of(http), cancel), "/login", AccountForms.Local(form["next"]));
    }

    /// <summary>Gives the session its new id after its person proved more. Changes nothing unless the kernel asked for it, so that a link from elsewhere cannot.</summary>
    private static async Task<IResult> RenewAsync(HttpContext http, string? next, Database database, Sessions sessions, ICurrentViewer current, CancellationToken cancel)
    {
        if (Schemes.SessionOf(http.User) is not { } old || await current.FindAsync(cancel) is not { } viewer)
            return Results.LocalRedirect("/login");
        await using var work = await database.BeginAsync(viewer, cancel);
        if (await sessions.RenewAsync(work, old, cancel) is { } session)
        {
            work.Audit("kernel.session.renewed", $"user/{viewer.Id}");
            await work.CommitAsync(cancel);
            await http.SignInAsync(Schemes.Cookie, Schemes.PrincipalOfSession(session, viewer.Name));
        }
        return Results.LocalRedirect(AccountForms.Local(next));
    }
}
