using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Identity;

/// <summary>Ends a live circuit's log-in at once when its session is ended in this process, and within ten seconds when another does: the row is looked at every five.</summary>
internal sealed class CircuitAuthentication : RevalidatingServerAuthenticationStateProvider, IHostEnvironmentAuthenticationStateProvider
{
    private readonly Sessions _sessions;

    public CircuitAuthentication(ILoggerFactory logs, Sessions sessions)
        : base(logs)
    {
        _sessions = sessions;
        _sessions.Changed += LookAgain;
    }

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    /// <summary>True once the framework gave this scope a state: in circuits and rendered pages, not in plain endpoints.</summary>
    public bool HasState { get; private set; }

    void IHostEnvironmentAuthenticationStateProvider.SetAuthenticationState(Task<AuthenticationState> authenticationStateTask)
    {
        HasState = true;
        SetAuthenticationState(authenticationStateTask);
    }

    protected override void Dispose(bool disposing)
    {
        _sessions.Changed -= LookAgain;
        base.Dispose(disposing);
    }

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        if (Schemes.SessionOf(authenticationState.User) is not { } session)
            return false;
        try
        {
            return await _sessions.FindAsync(session, cancellationToken) is not null;
        }
        catch (NpgsqlException)
        {
            // Without the database nothing can be read or changed anyway; the page keeps its place until it answers again.
            return true;
        }
    }

    /// <summary>Whoever ended it does not wait for us; the layout hears of the new state and takes the page away, or reads the person's rights anew.</summary>
    private void LookAgain(Guid session)
    {
        if (HasState)
            _ = LookAgainAsync(session);
    }

    private async Task LookAgainAsync(Guid session)
    {
        var state = await GetAuthenticationStateAsync();
        if (Schemes.SessionOf(state.User) != session)
            return;
        SetAuthenticationState(Task.FromResult(await ValidateAuthenticationStateAsync(state, CancellationToken.None) ? state : new(new())));
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
            await sessions.TouchAsync(session, null, CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The input itself was served; the mark is written with the next one.
            return;
        }
    };
}
