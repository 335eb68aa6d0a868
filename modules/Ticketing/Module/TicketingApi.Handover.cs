using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Handover;

namespace Appliance.Ticketing;

/// <summary>From one shift to the next.</summary>
internal static partial class TicketingApi
{
    private static void DescribeHandover(IModuleBuilder builder) => builder
        .Endpoint("GET", "handovers", Permissions.HandOver, (Viewer viewer, ListHandovers list, CancellationToken cancel, string? after = null, int limit = 20) => list.RunAsync(viewer, new(after, limit), cancel))
        .Endpoint("POST", "handovers", Permissions.HandOver, (Viewer viewer, HandOver act, HandoverText body, CancellationToken cancel) => act.RunAsync(viewer, body, cancel))
        .Example(new { text = "The ministry calls back at eight.", incidents = new[] { OneId } })
        .Endpoint("POST", "handovers/{id:guid}/accept", Permissions.HandOver, (Viewer viewer, AcceptHandover act, Guid id, HandoverAnswer body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Answer), cancel))
        .Example(new { answer = "Who calls whom?" });

    internal sealed record HandoverAnswer(string Answer = "");
}
