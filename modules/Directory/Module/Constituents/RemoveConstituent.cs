using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Constituents;

/// <summary>Takes an organisation out of use. It is kept: old incidents still name it, its networks match no more.</summary>
internal sealed class RemoveConstituent(Database database, Constituency constituency) : Act<ConstituentId, Done>(database)
{
    private const string Archive =
        """
        update directory.constituents
        set archived_at = @Now, changed_at = @Now, version = version + 1
        where id = @Id and archived_at is null
        """;

    private const string Silence = "update directory.networks set active = false where constituent_id = @Id";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, ConstituentId request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Archive, new { Id = request.Value, work.Now }, cancel) == 0)
            return Refuse.NotFound("directory.refused.no-constituent");
        await work.ExecuteAsync(Silence, new { Id = request.Value }, cancel);
        work.Audit("directory.constituent.removed", $"constituent/{request}");
        work.Publish(new ConstituentChanged { Constituent = request, Marking = Marking.Default });
        return default(Done);
    }

    protected override Task CommittedAsync(ConstituentId request, Done answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);
}
