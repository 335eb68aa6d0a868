using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing;

/// <summary>Types of incidents: the taxonomy's, and the team's own below them.</summary>
internal static partial class TicketingApi
{
    private static void DescribeTypes(IModuleBuilder builder) => builder
        .Endpoint("GET", "types", Permissions.Read, (Viewer viewer, ListTypes query, CancellationToken cancel) => query.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "types", Permissions.Types, (Viewer viewer, WriteLocalType act, TypeBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Names, body.Code), cancel))
        .Example(new { code = "fraud/phishing/parcel-notice", names = new { en = "Parcel notice", fr = "Avis de colis" } })
        .Endpoint("PUT", "types/{id:guid}", Permissions.Types, (Viewer viewer, WriteLocalType act, Guid id, TypeNamesBody body, CancellationToken cancel) => act.RunAsync(viewer, new(body.Names, "", id, body.Version), cancel))
        .Example(new { version = 1, names = new { en = "Parcel notice by text message" } })
        .Endpoint("POST", "types/{id:guid}/retire", Permissions.Types, (Viewer viewer, RetireLocalType act, Guid id, RetireBody body, CancellationToken cancel) => act.RunAsync(viewer, new(id, body.Retired), cancel))
        .Example(new { retired = true });

    internal sealed record TypeBody(string Code, IReadOnlyDictionary<string, string> Names);

    internal sealed record TypeNamesBody(IReadOnlyDictionary<string, string> Names, int Version = 0);
}
