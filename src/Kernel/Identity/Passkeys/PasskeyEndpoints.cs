using System.Security.Claims;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>The two halves of both ceremonies of WebAuthn: an offer that the page's script asks for, and a plain form that carries the authenticator's answer.</summary>
internal static class PasskeyEndpoints
{
    public static void Describe(IModuleBuilder builder)
    {
        builder.PublicEndpoint("POST", "/account/passkey/offer", "this is how one logs in", OfferAsync);
        builder.PublicEndpoint("POST", "/account/passkey/login", "this is how one logs in", LogInAsync);
        builder.Endpoint("POST", "/account/passkey/new", Permission.Enrolling, OfferNewAsync);
        builder.Endpoint("POST", "/account/passkey/add", Permission.Enrolling, AddAsync);
    }

    /// <summary>Asks any authenticator that knows this site; names nobody, so that nobody learns who has an account.</summary>
    private static async Task<IResult> OfferAsync(HttpContext http, AccountForms forms, IPasskeyHandler<User> handler, PasskeyOffers offers, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Refusal: null })
            return Results.BadRequest();
        var made = await handler.MakeRequestOptionsAsync(null, http);
        return offers.Keep(made.AssertionState!, null) is { } name ? Offered(name, made.RequestOptionsJson) : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> LogInAsync(HttpContext http, AccountForms forms, IPasskeyHandler<User> handler, PasskeyOffers offers, UserStore store, LogIn logIn, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read)
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        var back = AccountForms.Local(form["next"]);
        if (read.Refusal is { } refusal)
            return AccountForms.Refused("/login", refusal, back);
        if (offers.Take(form["offer"], null) is not { } state)
            return AccountForms.Refused("/login", "kernel.passkey.late", back);
        var result = await handler.PerformAssertionAsync(new() { HttpContext = http, CredentialJson = form["credential"].ToString(), AssertionState = state });
        if (!result.Succeeded || result.User.State != UserState.Active || !result.Passkey.IsUserVerified)
        {
            Instruments.LogIn("refused");
            return AccountForms.Refused("/login", "kernel.passkey.refused", back);
        }
        // After a password only the person whose password it was may go on.
        var half = (await http.AuthenticateAsync(Schemes.SecondFactor)).Principal?.FindFirstValue(Schemes.UserClaim);
        if (half is not null && half != result.User.Id.ToString())
            return AccountForms.Refused("/login", "kernel.passkey.refused", back);
        await store.StorePasskeyAsync(result.User, result.Passkey, cancel);
        Instruments.LogIn("in");
        return await AccountForms.AnswerAsync(http, await logIn.OpenAsync(result.User, "passkey", LogInFrom.Of(http), cancel), "/login", back);
    }

    private static async Task<IResult> OfferNewAsync(HttpContext http, AccountForms forms, ICurrentViewer current, UserStore store, RecentProof recent, IPasskeyHandler<User> handler, PasskeyOffers offers, CancellationToken cancel)
    {
        if (await forms.ReadAsync(http, cancel) is not { Refusal: null } || await current.FindAsync(cancel) is not { } viewer || await store.FindByIdAsync(viewer.Id.ToString(), cancel) is not { } user)
            return Results.BadRequest();
        if (await recent.CheckAsync(cancel) is { } stale)
            return Results.Json(new { refused = stale.Key }, statusCode: StatusCodes.Status409Conflict);
        var made = await handler.MakeCreationOptionsAsync(new() { Id = user.Id.ToString(), Name = user.Name, DisplayName = user.DisplayName }, http);
        return offers.Keep(made.AttestationState!, user.Id) is { } name ? Offered(name, made.CreationOptionsJson) : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> AddAsync(HttpContext http, AccountForms forms, ICurrentViewer current, IPasskeyHandler<User> handler, PasskeyOffers offers, AddPasskey add, CancellationToken cancel)
    {
        const string Page = "/account?tab=factor";
        if (await forms.ReadAsync(http, cancel) is not { Form: { } form } read || await current.FindAsync(cancel) is not { } viewer)
            return AccountForms.Refused("/login", "kernel.form.refused", "/");
        if (read.Refusal is { } refusal)
            return AccountForms.Refused(Page, refusal, null);
        if (offers.Take(form["offer"], viewer.Id) is not { } state)
            return AccountForms.Refused(Page, "kernel.passkey.late", null);
        var result = await handler.PerformAttestationAsync(new() { HttpContext = http, CredentialJson = form["credential"].ToString(), AttestationState = state });
        if (!result.Succeeded || result.UserEntity.Id != viewer.Id.ToString())
            return AccountForms.Refused(Page, "kernel.passkey.refused", null);
        var outcome = await add.RunAsync(viewer, new(result.Passkey, form["name"].ToString()), cancel);
        return outcome.Succeeded
            ? Results.LocalRedirect($"/account/renew?next={Uri.EscapeDataString(Page)}")
            : AccountForms.Refused(Page, outcome.Refusals[0].Key, null);
    }

    /// <summary>The options stand as the framework wrote them.</summary>
    private static IResult Offered(string name, string options) => Results.Text($$"""{"offer":"{{name}}","options":{{options}}}""", "application/json");
}
