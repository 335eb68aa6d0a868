using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Evidence;

/// <summary>Asks for a file that is to leave its custody here as a copy.</summary>
internal sealed record TakeWanted(Guid Evidence);

/// <summary>The row of a file that may be taken; the endpoint packs it and says so with <see cref="TellTaken"/>.</summary>
internal sealed class FindEvidence(Database database) : Query<TakeWanted, EvidenceRow>
{
    public override Permission Permission => Permissions.Take;

    protected override async Task<Outcome<EvidenceRow>> HandleAsync(Viewer viewer, TakeWanted request, CancellationToken cancel) =>
        await EvidenceRow.FindAsync(database, viewer, request.Evidence, cancel) is not { } row ? Refuse.NotFound("ticketing.refused.no-evidence")
        : row.DestroyedAt is not null ? Refuse.Conflict("ticketing.refused.evidence-destroyed", row.Label)
        : row;
}

/// <summary>What came of taking a file.</summary>
/// <param name="Evidence">The file.</param>
/// <param name="Act">downloaded, listed or refused.</param>
/// <param name="Note">Particulars.</param>
internal sealed record TakenRequest(Guid Evidence, string Act, string Note = "");

/// <summary>Writes the line of a copy that leaves, of an archive that was looked into, or of a file that is no longer what it was and was refused.</summary>
internal sealed class TellTaken(Database database) : Act<TakenRequest, Done>(database)
{
    public override Permission Permission => Permissions.Take;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, TakenRequest request, CancellationToken cancel)
    {
        if (await EvidenceRow.LockAsync(work, request.Evidence, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-evidence");
        if (row.DestroyedAt is not null)
            return Refuse.Conflict("ticketing.refused.evidence-destroyed", row.Label);
        await Custody.AddAsync(work, row, request.Act, "", request.Note, cancel);
        if (request.Act == "refused")
        {
            await work.ExecuteAsync(VerifyEvidence.Damaged, new { row.Id, work.Now }, cancel);
            await Custody.TellAsync(work, row, "damaged", cancel);
        }
        return default(Done);
    }
}
