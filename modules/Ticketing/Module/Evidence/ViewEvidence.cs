using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Evidence;

/// <summary>Asks for one file's custody.</summary>
/// <param name="Evidence">The file.</param>
/// <param name="Exported">True where the lines leave as a document.</param>
internal sealed record ViewRequest(Guid Evidence, bool Exported = false);

/// <summary>A file with all that happened to it.</summary>
internal sealed record EvidenceSheet(
    Guid Id, string Label, string Name, string Kind, long Size, string Md5, string Sha1, string Sha256, Marking Marking, DateTimeOffset AddedAt, string AddedBy, DateTimeOffset? DamagedAt, DateTimeOffset? DestroyedAt,
    ChainState Chain, IReadOnlyList<CustodyLine> Lines);

/// <summary>Opens a file's custody; who looks is a line in it.</summary>
internal sealed class ViewEvidence(Database database) : Act<ViewRequest, EvidenceSheet>(database)
{
    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<EvidenceSheet>> HandleAsync(Work work, ViewRequest request, CancellationToken cancel)
    {
        if (await EvidenceRow.LockAsync(work, request.Evidence, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-evidence");
        var before = await LinesAsync(work, row, cancel);
        var chain = Custody.Verify(row, before);
        await Custody.AddAsync(work, row, "viewed", "", request.Exported ? "exported" : "", cancel);
        var lines = await LinesAsync(work, row, cancel);
        return new EvidenceSheet(row.Id, row.Label, row.Name, row.Kind, row.Size, row.Md5, row.Sha1, row.Sha256, row.Marking(), row.AddedAt, row.AddedBy, row.DamagedAt, row.DestroyedAt, chain with { Lines = lines.Count }, lines);
    }

    internal static async Task<IReadOnlyList<CustodyLine>> LinesAsync(Work work, EvidenceRow row, CancellationToken cancel) =>
        [.. (await work.QueryAsync<Custody.Row>(Custody.Read, new { row.Id }, cancel)).Select(r => r.Of())];
}
