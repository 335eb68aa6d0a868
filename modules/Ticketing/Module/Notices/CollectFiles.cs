using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Evidence;

namespace Appliance.Ticketing.Notices;

/// <summary>A file as it will leave: evidence packed, all else as it was brought.</summary>
/// <param name="Id">Of the evidence, or of the draft's file.</param>
/// <param name="IsEvidence">True for evidence.</param>
/// <param name="Name">As the recipient reads it.</param>
internal sealed record NoticeFile(Guid Id, bool IsEvidence, string Name, byte[] Bytes)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Bytes));
}

/// <summary>One file of one's own draft.</summary>
internal sealed class FindNoticeFile(Database database) : Query<DetachRequest, NoticeFileRow>
{
    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<NoticeFileRow>> HandleAsync(Viewer viewer, DetachRequest request, CancellationToken cancel) =>
        await NoticeFileRow.FindAsync(database, viewer, request.File, cancel) is { } row ? row : Refuse.NotFound("ticketing.refused.no-notice-file");
}

/// <summary>Makes the files of a message ready before it is written: evidence goes only as the encrypted archive, verified like every copy that leaves.</summary>
internal sealed class CollectFiles(FindEvidence evidence, PackEvidence pack, TellTaken tell, FindNoticeFile files, EvidenceVault vault, TicketingOptions options)
{
    public async Task<Outcome<IReadOnlyList<NoticeFile>>> RunAsync(Viewer viewer, IReadOnlyList<Guid> drafted, IReadOnlyList<Guid> kept, CancellationToken cancel)
    {
        var found = new List<NoticeFile>();
        if (drafted.Count + kept.Count > AttachFile.Most)
            return TooMuch();
        foreach (var id in drafted.Distinct())
        {
            var one = await OwnAsync(viewer, id, cancel);
            if (!one.TryGet(out var file))
                return Outcome<IReadOnlyList<NoticeFile>>.Refused(one.Refusals);
            found.Add(file);
        }
        foreach (var id in kept.Distinct())
        {
            var one = await PackedAsync(viewer, id, cancel);
            if (!one.TryGet(out var file))
                return Outcome<IReadOnlyList<NoticeFile>>.Refused(one.Refusals);
            found.Add(file);
        }
        return found.Sum(f => (long)f.Bytes.Length) > options.MailFilesBytes ? TooMuch() : found;
    }

    private Refusal TooMuch() => Refuse.Invalid("ticketing.refused.mail-files", "files", AttachFile.Most, options.MailFilesLimitMib);

    private async Task<Outcome<NoticeFile>> OwnAsync(Viewer viewer, Guid id, CancellationToken cancel)
    {
        var asked = await files.RunAsync(viewer, new(id), cancel);
        if (!asked.TryGet(out var row))
            return Outcome<NoticeFile>.Refused(asked.Refusals);
        using var memory = new MemoryStream();
        if (vault.Open(row.Stored, row.SealedKey) is not { } content)
            return Refuse.Conflict("ticketing.refused.evidence-damaged", row.Name);
        await using (content)
        {
            try
            {
                await content.CopyToAsync(memory, cancel);
            }
            catch (Exception fault) when (fault is CryptographicException or InvalidDataException)
            {
                return Refuse.Conflict("ticketing.refused.evidence-damaged", row.Name);
            }
        }
        return new NoticeFile(id, false, row.Name, memory.ToArray());
    }

    private async Task<Outcome<NoticeFile>> PackedAsync(Viewer viewer, Guid id, CancellationToken cancel)
    {
        var asked = await evidence.RunAsync(viewer, new(id), cancel);
        if (!asked.TryGet(out var row))
            return Outcome<NoticeFile>.Refused(asked.Refusals);
        if (row.Size > options.MailFilesBytes)
            return TooMuch();
        var packed = await pack.RunAsync(row, cancel);
        if (!packed.TryGet(out var archive))
        {
            if (packed.Refusals[0].Kind == RefusalKind.Conflict)
                await tell.RunAsync(viewer, new(id, "refused", "hashes differ"), cancel);
            return Outcome<NoticeFile>.Refused(packed.Refusals);
        }
        await using (archive)
        {
            using var memory = new MemoryStream();
            await archive.CopyToAsync(memory, cancel);
            return new NoticeFile(id, true, PackEvidence.NameOf(row), memory.ToArray());
        }
    }
}
