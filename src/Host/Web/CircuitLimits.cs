using System.Collections.Concurrent;
using Appliance.Contracts;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Appliance.Host.Web;

/// <summary>How many live circuits there are, in all and per person: an old machine must not be filled by forgotten tabs.</summary>
internal sealed class CircuitLimits
{
    /// <summary>Live circuits of the whole host.</summary>
    public const int InAll = 200;

    /// <summary>Live circuits of one person.</summary>
    public const int PerPerson = 20;

    private readonly ConcurrentDictionary<string, UserId> _open = new();

    public bool HasRoomFor(UserId person) => _open.Count < InAll && _open.Values.Count(p => p == person) < PerPerson;

    public void Opened(string circuit, UserId person) => _open[circuit] = person;

    public void Closed(string circuit) => _open.TryRemove(circuit, out _);
}

/// <summary>Keeps the count.</summary>
internal sealed class CircuitCounter(CircuitLimits limits, ICurrentViewer current) : CircuitHandler
{
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (await current.FindAsync(cancellationToken) is { } viewer)
            limits.Opened(circuit.Id, viewer.Id);
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        limits.Closed(circuit.Id);
        return Task.CompletedTask;
    }
}

/// <summary>Refuses a new circuit beyond the limits before it costs anything; pages stay readable without one.</summary>
internal sealed class CircuitGate(RequestDelegate next, CircuitLimits limits)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path == "/_blazor/negotiate" && context.Items[PermissionMiddleware.ViewerItem] is Viewer viewer && !limits.HasRoomFor(viewer.Id))
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "30";
            return;
        }
        await next(context);
    }
}
