using System.Security.Claims;
using Appliance.Contracts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Identity;

/// <summary>The viewer of this request or circuit: the claims only lead to the stored session or token, which is read at most four seconds late.</summary>
internal sealed class CurrentViewer(IHttpContextAccessor http, AuthenticationStateProvider circuit, Sessions sessions, Tokens tokens) : ICurrentViewer
{
    public async ValueTask<Viewer?> FindAsync(CancellationToken cancel = default)
    {
        var principal = await PrincipalAsync();
        if (Schemes.SessionOf(principal) is { } session)
            return await sessions.FindAsync(session, cancel);
        if (Schemes.TokenOf(principal) is { } token)
            return await tokens.FindAsync(token, principal!.FindFirstValue(ClaimTypes.AuthenticationMethod) == Schemes.Basic ? "basic" : "bearer", cancel);
        return null;
    }

    /// <summary>The session behind the request or circuit, or null.</summary>
    public async ValueTask<Guid?> SessionAsync() => Schemes.SessionOf(await PrincipalAsync());

    private async ValueTask<ClaimsPrincipal?> PrincipalAsync()
    {
        // In a circuit the provider holds the state, and drops it when the session ended; in a plain request it has none.
        if (circuit is CircuitAuthentication { HasState: true })
            return (await circuit.GetAuthenticationStateAsync()).User;
        return http.HttpContext?.User;
    }
}
