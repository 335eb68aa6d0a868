using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Playbooks;

/// <summary>Makes a playbook of a team's own from another, which stays as it is.</summary>
internal sealed class CopyPlaybook(Database database, WritePlaybook write) : Act<Guid, PlaybookRef>(database)
{
    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<PlaybookRef>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await PlaybookShelf.FindAsync(work, request, cancel) is not { } found)
            return Refuse.NotFound("ticketing.refused.no-playbook");
        var names = found.Fields.Names.ToDictionary(n => n.Key, n => $"{(n.Value.Length > 190 ? n.Value[..190] : n.Value)} (2)");
        return await write.RunWithinAsync(work, new(found.Fields with { Names = names }), cancel);
    }
}
