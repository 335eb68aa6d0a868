using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file that came with a message of the incident.</summary>
/// <param name="Kept">True when the incident holds a file with this hash.</param>
internal sealed record MailFileLine(MailId Mail, DateTimeOffset ReceivedAt, string Sender, string Part, string Name, long Size, string Sha256, bool Kept);

/// <summary>What came attached to the mail and the reports of an incident, as far as the viewer may see them.</summary>
internal sealed class ListMailFiles(Database database, MailStore mails) : Query<EvidenceWanted, IReadOnlyList<MailFileLine>>
{
    private const string Mails =
        $"""
        select t.mail_id
        from ticketing.timeline t
        where t.incident_id in {Members.OfId} and t.kind = 'mail-in' and t.mail_id is not null
        union
        select m.mail_id
        from ticketing.reports m
        where m.incident_id in {Members.OfId} and m.mail_id is not null and {Visible.RowsOfConstituents}
        limit 200
        """;

    private const string Hashes = $"select encode(m.sha256, 'hex') from ticketing.evidence m where m.incident_id in {Members.OfId} and m.destroyed_at is null and {EvidenceRow.Seen}";

    public override Permission Permission => Permissions.Keep;

    protected override async Task<Outcome<IReadOnlyList<MailFileLine>>> HandleAsync(Viewer viewer, EvidenceWanted request, CancellationToken cancel)
    {
        if (viewer.Constituent is not null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var asked = Visible.With(viewer, new { Id = request.Incident.Value });
        var ids = await database.QueryAsync<Guid>(Mails, asked, cancel);
        var kept = (await database.QueryAsync<string>(Hashes, asked, cancel)).ToHashSet();
        var found = await mails.FilesAsync(viewer, [.. ids.Select(i => new MailId(i))], cancel);
        return found.SelectMany(m => m.Files.Select(f => new MailFileLine(m.Mail, m.ReceivedAt, m.Sender, f.PartId, f.Name, f.Size, f.Sha256, kept.Contains(f.Sha256)))).ToList();
    }
}

/// <summary>A file of a message that is to be kept.</summary>
internal sealed record MailFileWanted(IncidentId Incident, MailId Mail, string Part, bool Traces = true);

/// <summary>Takes a file out of a message, in the confined process, and keeps it.</summary>
internal sealed class KeepFromMail(ListMailFiles list, MailFiles files, EvidenceVault vault, KeepEvidence keep)
{
    public async Task<Outcome<EvidenceKept>> RunAsync(Viewer viewer, MailFileWanted wanted, CancellationToken cancel)
    {
        var listed = await list.RunAsync(viewer, new(wanted.Incident), cancel);
        if (!listed.TryGet(out var lines))
            return Outcome<EvidenceKept>.Refused(listed.Refusals);
        if (lines.FirstOrDefault(l => l.Mail == wanted.Mail && l.Part == wanted.Part) is not { } line)
            return Refuse.NotFound("ticketing.refused.no-mail-file");
        if (await files.FindAsync(viewer, line.Mail, new(line.Part, line.Name, "", line.Size, line.Sha256), cancel) is not { } bytes)
            return Refuse.Conflict("ticketing.refused.mail-file-closed");
        await using var content = new MemoryStream(bytes, writable: false);
        var put = await vault.PutAsync(content, cancel);
        return put.TryGet(out var file)
            ? await keep.RunAsync(viewer, new(wanted.Incident, file, line.Name, line.Sender, "mail", Traces: wanted.Traces, Mail: line.Mail), cancel)
            : Outcome<EvidenceKept>.Refused(put.Refusals);
    }
}
