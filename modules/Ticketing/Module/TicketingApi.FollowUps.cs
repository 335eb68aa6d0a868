using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.FollowUps;

namespace Appliance.Ticketing;

/// <summary>Investigations and countermeasures.</summary>
internal static partial class TicketingApi
{
    private static void DescribeFollowUps(IModuleBuilder builder) => builder
        .Endpoint("GET", "follow-ups", Permissions.Read, FollowUps)
        .Endpoint("POST", "incidents/{id:guid}/follow-ups", Permissions.Edit, FollowUp)
        .Example(new { kind = "countermeasure", title = "Block at the border", party = "Border routers" })
        .Endpoint("POST", "follow-ups/{id:guid}/state", Permissions.Edit, MoveOn)
        .Example(new { from = "pending-activation", to = "active" })
        .Endpoint("POST", "follow-ups/{id:guid}/incidents", Permissions.Edit, Serve)
        .Example(new { incident = OneId });

    private static Task<Outcome<IReadOnlyList<FollowUpLine>>> FollowUps(Viewer viewer, ListFollowUps query, CancellationToken cancel, string? incident = null, string? kind = null) =>
        query.RunAsync(viewer, new(incident, kind), cancel);

    private static Task<Outcome<Guid>> FollowUp(Viewer viewer, OpenFollowUp act, Guid id, FollowUpBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.Kind, body.Title, body.Party, body.DueAt), cancel);

    private static Task<Outcome<Done>> MoveOn(Viewer viewer, MoveFollowUp act, Guid id, StepBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.From, body.To, body.Reason), cancel);

    private static Task<Outcome<Done>> Serve(Viewer viewer, ServeIncident act, Guid id, ServeBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, new(body.Incident)), cancel);

    internal sealed record FollowUpBody(string Kind, string Title, string Party = "", DateTimeOffset? DueAt = null);

    internal sealed record StepBody(string From, string To, string? Reason = null);

    internal sealed record ServeBody(Guid Incident);
}
