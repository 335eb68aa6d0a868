using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Lookups;

namespace Appliance.Ticketing;

/// <summary>What is known about traces, and questions outside.</summary>
internal static partial class TicketingApi
{
    private static void DescribeLookups(IModuleBuilder builder) => builder
        .Endpoint("GET", "incidents/{number}/lookups", Permissions.Read, Lookups)
        .Endpoint("POST", "incidents/{id:guid}/lookups", Permissions.Edit, Ask)
        .Example(new { type = "domain", value = "evil.example", kind = "rdap" })
        .Endpoint("GET", "places", Permissions.Places, Places)
        .Endpoint("POST", "places", Permissions.Places, TakePlaces.ReceiveAsync)
        .Endpoint("DELETE", "places/{name}", Permissions.Places, RemovePlacesOf);

    private static Task<Outcome<IReadOnlyList<PlaceTable>>> Places(Viewer viewer, ListPlaces query, CancellationToken cancel) => query.RunAsync(viewer, new(), cancel);

    private static Task<Outcome<Done>> RemovePlacesOf(Viewer viewer, RemovePlaces act, string name, CancellationToken cancel) => act.RunAsync(viewer, new(name), cancel);

    private static Task<Outcome<LookupSheet>> Lookups(Viewer viewer, ShowLookups query, string number, CancellationToken cancel) => query.RunAsync(viewer, number, cancel);

    private static Task<Outcome<int>> Ask(Viewer viewer, AskLookup act, Guid id, LookupBody body, CancellationToken cancel) =>
        act.RunAsync(viewer, new(new(id), body.Type, body.Value, body.Kind), cancel);

    internal sealed record LookupBody(string Type, string Value, string? Kind = null);
}
