using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Classification;

/// <summary>What an incident can be: the taxonomy's types in its order, and the team's own with their names.</summary>
/// <param name="Version">Of the taxonomy.</param>
internal sealed record KnownTypes(int Version, IReadOnlyList<string> Types, IReadOnlyList<LocalType> Own);

/// <summary>Lists the types, those out of use among the team's own too: incidents carry them still.</summary>
internal sealed class ListTypes(Database database) : Query<Done, KnownTypes>
{
    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<KnownTypes>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        new KnownTypes(Rsit.Version, Rsit.Ordered, viewer.Constituent is null ? await LocalTypes.AllAsync(database, cancel) : []);
}
