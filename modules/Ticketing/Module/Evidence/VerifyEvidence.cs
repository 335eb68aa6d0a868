using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;

namespace Appliance.Ticketing.Evidence;

/// <summary>What a look at file and custody found.</summary>
/// <param name="Chain">The lines.</param>
/// <param name="File">intact, damaged or destroyed.</param>
internal sealed record EvidenceState(ChainState Chain, string File);

/// <summary>Reads a file to its end and holds it against its hashes.</summary>
internal static class Intact
{
    /// <summary>True when all three hashes and the size are those of the row; gives each piece to <paramref name="take"/> on the way.</summary>
    public static async Task<bool> ReadAsync(EvidenceVault vault, EvidenceRow row, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? take, CancellationToken cancel)
    {
        if (vault.Open(row.Stored, row.SealedKey) is not { } content)
            return false;
        await using (content)
        {
            using var digests = new Digests();
            var buffer = new byte[SealedForm.Piece];
            try
            {
                int read;
                while ((read = await content.ReadAsync(buffer, cancel)) > 0)
                {
                    digests.Append(buffer.AsSpan(0, read));
                    if (take is not null)
                        await take(buffer.AsMemory(0, read), cancel);
                }
            }
            catch (Exception fault) when (fault is CryptographicException or InvalidDataException)
            {
                return false;
            }
            return digests.Size == row.Size && digests.Finish() == (row.Md5, row.Sha1, row.Sha256);
        }
    }
}

/// <summary>Asks whether a file and its custody are as they were.</summary>
internal sealed record VerifyRequest(Guid Evidence);

/// <summary>Follows the chain of a file's custody and hashes the file anew; what was found is a line.</summary>
internal sealed class VerifyEvidence(Database database, EvidenceVault vault) : Act<VerifyRequest, EvidenceState>(database)
{
    internal const string Damaged = "update ticketing.evidence m set damaged_at = coalesce(m.damaged_at, @Now) where m.id = @Id";

    public override Permission Permission => Permissions.Keep;

    protected override async Task<Outcome<EvidenceState>> HandleAsync(Work work, VerifyRequest request, CancellationToken cancel)
    {
        if (await EvidenceRow.LockAsync(work, request.Evidence, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-evidence");
        var chain = Custody.Verify(row, await ViewEvidence.LinesAsync(work, row, cancel));
        var file = row.DestroyedAt is not null ? "destroyed" : await Intact.ReadAsync(vault, row, null, cancel) ? "intact" : "damaged";
        if (file == "damaged")
            await work.ExecuteAsync(Damaged, new { row.Id, work.Now }, cancel);
        await Custody.AddAsync(work, row, "verified", "", $"custody {(chain.Whole ? "whole" : $"broken at line {chain.BrokenAt}")}, file {file}", cancel);
        if (!chain.Whole || file == "damaged")
            await Custody.TellAsync(work, row, file == "damaged" ? "damaged" : "broken", cancel);
        return new EvidenceState(chain, file);
    }
}
