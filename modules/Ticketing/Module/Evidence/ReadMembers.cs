using Appliance.Contracts;
using Appliance.Kernel.Mail;

namespace Appliance.Ticketing.Evidence;

/// <summary>Looks into a zip archive that is kept as evidence: its bytes go to the confined process and nowhere else, nothing is unpacked to the disk. One at a time.</summary>
internal sealed class ReadMembers(EvidenceVault vault, ArchiveReading archives, FindEvidence find, TellTaken tell, ArchiveTurn turn)
{
    /// <summary>The members with their hashes; those behind another password with name and claimed size alone.</summary>
    public async Task<Outcome<ParsedArchive>> RunAsync(Viewer viewer, Guid evidence, string? password, CancellationToken cancel)
    {
        var found = await find.RunAsync(viewer, new(evidence), cancel);
        if (!found.TryGet(out var row))
            return Outcome<ParsedArchive>.Refused(found.Refusals);
        if (password is { Length: > 60 })
            return Refuse.Invalid("ticketing.refused.text-long", "password", 60);
        if (row.Size > ArchiveReading.MostBytes)
            return Refuse.Conflict("ticketing.refused.archive-large", ArchiveReading.MostBytes >> 20);
        using var mine = await turn.TakeAsync(cancel);
        using var memory = new MemoryStream((int)row.Size);
        var whole = await Intact.ReadAsync(vault, row, (piece, stop) => memory.WriteAsync(piece, stop), cancel);
        var told = await tell.RunAsync(viewer, whole ? new(evidence, "listed") : new(evidence, "refused", "hashes differ"), cancel);
        if (!told.Succeeded)
            return Outcome<ParsedArchive>.Refused(told.Refusals);
        return whole
            ? await archives.ReadAsync(memory.GetBuffer().AsMemory(0, (int)memory.Length), string.IsNullOrEmpty(password) ? PackEvidence.Password : password, cancel)
            : Refuse.Conflict("ticketing.refused.evidence-damaged", row.Label);
    }
}

/// <summary>One archive is held in memory at a time, whoever asks.</summary>
internal sealed class ArchiveTurn : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    public async Task<IDisposable> TakeAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        return new Turn(_one);
    }

    public void Dispose() => _one.Dispose();

    private sealed class Turn(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
