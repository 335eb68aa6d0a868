using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Identity;

/// <summary>Ends a live circuit's log-in within ten seconds of log-out, lock or loss of a role: the session row is looked at every five.</summary>
internal sealed class CircuitAuthentication(ILoggerFactory logs, Sessions sessions) : RevalidatingServerAuthenticationStateProvider(logs), IHostEnvironmentAuthenticationStateProvider
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    /// <summary>True once the framework gave this scope a state: in circuits and rendered pages, not in plain endpoints.</summary>
    public bool HasState { get; private set; }

    void IHostEnvironmentAuthenticationStateProvider.SetAuthenticationState(Task<AuthenticationState> authenticationStateTask)
    {
        HasState = true;
        SetAuthenticationState(authenticationStateTask);
    }

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        if (Schemes.SessionOf(authenticationState.User) is not { } session)
            return false;
        try
        {
            return await sessions.FindAsync(session, cancellationToken) is not null;
        }
        catch (NpgsqlException)
        {
            // Without the database nothing can be read or changed anyway; the page keeps its place until it answers again.
            return true;
        }
    }
}

/// <summary>Counts what a person does on a circuit as input, so that the idle limit means idle people and not quiet networks.</summary>
internal sealed class CircuitActivity(AuthenticationStateProvider state, Sessions sessions) : CircuitHandler
{
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => async context =>
    {
        await next(context);
        var user = (await state.GetAuthenticationStateAsync()).User;
        if (Schemes.SessionOf(user) is not { } session)
            return;
        try
        {
            await sessions.TouchAsync(session, CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The input itself was served; the mark is written with the next one.
            return;
        }
    };
}
