using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Networks;

/// <summary>One network of one organisation.</summary>
internal sealed record NetworkToRemove(ConstituentId Constituent, Guid Network);

/// <summary>Notes that a network no longer belongs to an organisation.</summary>
internal sealed class RemoveNetwork(Database database, Constituency constituency) : Act<NetworkToRemove, Done>(database)
{
    private const string Delete = "delete from directory.networks where id = @Network and constituent_id = @Constituent returning written";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, NetworkToRemove request, CancellationToken cancel)
    {
        var written = await work.FindAsync<string>(Delete, new { request.Network, Constituent = request.Constituent.Value }, cancel);
        if (written is null)
            return Refuse.NotFound("directory.refused.no-network");
        work.Audit("directory.network.removed", $"constituent/{request.Constituent}", new { Written = written });
        work.Publish(new ConstituentChanged { Constituent = request.Constituent, Marking = Marking.Default });
        return default(Done);
    }

    protected override Task CommittedAsync(NetworkToRemove request, Done answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);
}
