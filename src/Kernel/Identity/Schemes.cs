using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Identity;

/// <summary>The names of the ways to show who one is, and of the claims that lead to the stored rows.</summary>
public static class Schemes
{
    /// <summary>The default: picks one of the others by the Authorization header.</summary>
    public const string Any = "cirt";

    /// <summary>People, by cookie.</summary>
    public const string Cookie = "cookie";

    /// <summary>Between password and second factor; five minutes.</summary>
    public const string SecondFactor = "second-factor";

    /// <summary>Programs and peers, by token.</summary>
    public const string Bearer = "Bearer";

    /// <summary>Peers whose protocol requires HTTP Basic (TAXII 2.1, section 3.1).</summary>
    public const string Basic = "Basic";

    internal const string SessionClaim = "sid";
    internal const string TokenClaim = "tid";
    internal const string UserClaim = "uid";

    internal static ClaimsPrincipal PrincipalOfSession(Guid session, string name) =>
        new(new ClaimsIdentity([new(SessionClaim, session.ToString()), new(ClaimTypes.Name, name)], Cookie));

    internal static Guid? SessionOf(ClaimsPrincipal? principal) => Guid.TryParse(principal?.FindFirstValue(SessionClaim), out var id) ? id : null;

    internal static Guid? TokenOf(ClaimsPrincipal? principal) => Guid.TryParse(principal?.FindFirstValue(TokenClaim), out var id) ? id : null;
}

/// <summary>Reads a token from the Authorization header, as bearer text or as HTTP Basic.</summary>
internal sealed class TokenScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, Tokens tokens, LogInTries tries)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter is not { Length: > 0 } given
            || !header.Scheme.Equals(Scheme.Name, StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();
        // Secrets are long and random: guesses are counted per address only, and only the wrong ones.
        var address = LogInTries.KeyOf(Context.Connection.RemoteIpAddress);
        var found = Scheme.Name == Schemes.Bearer ? await tokens.CheckBearerAsync(given, Context.RequestAborted) : await CheckBasicAsync(given);
        if (found is { } id)
            return AuthenticateResult.Success(new(
                new(new ClaimsIdentity([new(Schemes.TokenClaim, id.ToString()), new(ClaimTypes.AuthenticationMethod, Scheme.Name)], Scheme.Name)),
                Scheme.Name));
        var taken = await tries.TakeAsync("address", address, LogInTries.AddressMax, Context.RequestAborted);
        return AuthenticateResult.Fail(taken.Allowed ? "unknown, expired or revoked" : "too many tries from this address");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = Scheme.Name == Schemes.Basic ? "Basic realm=\"cirt\", charset=\"UTF-8\"" : "Bearer realm=\"cirt\"";
        return Task.CompletedTask;
    }

    private async Task<Guid?> CheckBasicAsync(string given)
    {
        Span<byte> bytes = stackalloc byte[512];
        if (given.Length > 600 || !Convert.TryFromBase64String(given, bytes, out var length))
            return null;
        var text = Encoding.UTF8.GetString(bytes[..length]);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || colon == text.Length - 1 ? null : await tokens.CheckBasicAsync(text[..colon], text[(colon + 1)..], Context.RequestAborted);
    }
}
