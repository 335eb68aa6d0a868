using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Notices;

/// <summary>The files of a message within the act that sends it: their labels are looked at once more, under lock, and rule the message as its own does.</summary>
internal sealed class HeldFiles(FileStore store)
{
    private const string OfIncident =
        """
        -- every row: whether a file belongs to the incident that the message is about; who may see either was asked before
        select exists (select 1 from ticketing.incidents m where m.id = @Owner and coalesce(m.root_id, m.id) = @Incident)
        """;

    /// <summary>The label of the message: the strictest of the incident's and of every file's; a refusal where a file is gone or belongs elsewhere.</summary>
    public static async Task<(Marking Marking, Refusal? Fault)> LockAsync(Work work, IncidentRow incident, Marking marking, IReadOnlyList<NoticeFile> files, CancellationToken cancel)
    {
        foreach (var file in files)
        {
            var (owner, own) = file.IsEvidence
                ? await EvidenceRow.LockAsync(work, file.Id, cancel) is { DestroyedAt: null } row ? (row.IncidentId, row.Marking()) : (Guid.Empty, marking)
                : await NoticeFileRow.LockAsync(work, file.Id, cancel) is { } draft ? (draft.IncidentId, draft.Marking()) : (Guid.Empty, marking);
            if (!await work.FindAsync<bool>(OfIncident, new { Owner = owner, Incident = incident.Id }, cancel))
                return (marking, Refuse.NotFound("ticketing.refused.no-notice-file"));
            marking = marking with { Tlp = (Tlp)Math.Max((int)marking.Tlp, (int)own.Tlp), Pap = (Pap)Math.Max((int)marking.Pap, (int)own.Pap) };
        }
        return (marking, null);
    }

    /// <summary>What the timeline says of them: whoever sees the incident alone hears of a file with a stricter label that there was one.</summary>
    public static async Task<IReadOnlyList<object>> ToldAsync(Work work, IncidentRow incident, IReadOnlyList<NoticeFile> files, CancellationToken cancel)
    {
        var told = new List<object>();
        foreach (var file in files)
        {
            var own = file.IsEvidence ? (await EvidenceRow.LockAsync(work, file.Id, cancel))!.Marking() : (await NoticeFileRow.LockAsync(work, file.Id, cancel))!.Marking();
            told.Add((short)own.Tlp > incident.Tlp ? new { name = own.Label, size = (long?)null, sha256 = (string?)null } : new { name = (string)file.Name, size = (long?)file.Bytes.Length, sha256 = (string?)file.Sha256 });
        }
        return told;
    }

    /// <summary>They have left: evidence has a line of its custody, files of the draft are no longer needed.</summary>
    public async Task SentAsync(Work work, IReadOnlyList<NoticeFile> files, string to, CancellationToken cancel)
    {
        foreach (var file in files)
        {
            if (file.IsEvidence)
                await Custody.AddAsync(work, (await EvidenceRow.LockAsync(work, file.Id, cancel))!, "mailed", to, $"zip, AES-256; SHA-256 of the zip {file.Sha256}", cancel);
            else
                await DetachFile.DropAsync(work, store, file.Id, cancel);
        }
    }
}
