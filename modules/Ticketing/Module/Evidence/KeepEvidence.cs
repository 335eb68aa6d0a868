using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file to be kept for an incident.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="File">As the vault took it.</param>
/// <param name="Name">As whoever brought it called it; hostile.</param>
/// <param name="From">Who gave it to us; may be empty.</param>
/// <param name="How">How it came; may be empty.</param>
/// <param name="Tlp">Its own label where it is stricter than the incident's, or null.</param>
/// <param name="Traces">True to take its hashes to the incident's traces.</param>
/// <param name="Mail">The message it came with, or null.</param>
internal sealed record KeepRequest(IncidentId Incident, SealedFile File, string Name, string From = "", string How = "", Tlp? Tlp = null, bool Traces = true, MailId? Mail = null);

/// <summary>What was kept.</summary>
/// <param name="Again">True when this incident had the file already: it is not kept twice, its custody says that it came again.</param>
/// <param name="Elsewhere">Other incidents that hold the same file, as far as the viewer may see them.</param>
/// <param name="Traces">How many of its hashes are new among the incident's traces.</param>
internal sealed record EvidenceKept(Guid Id, int Number, string Name, long Size, string Kind, string Md5, string Sha1, string Sha256, bool Again, IReadOnlyList<string> Elsewhere, int Traces);

/// <summary>Takes a sealed file into the custody of an incident.</summary>
internal sealed class KeepEvidence(Database database, FileStore files) : Act<KeepRequest, EvidenceKept>(database)
{
    internal const int LongestParty = 300;

    internal const int LongestNote = 2000;

    private const string Same =
        $"""
        select m.id
        from ticketing.evidence m
        where m.sha256 = decode(@Sha256, 'hex') and m.destroyed_at is null and m.incident_id in {Members.OfGroup} and {EvidenceRow.Seen}
        order by m.added_at
        limit 1
        """;

    private const string Others =
        $"""
        select distinct i.number
        from ticketing.evidence m
        join ticketing.incidents i on i.id = m.incident_id
        where m.sha256 = decode(@Sha256, 'hex') and m.incident_id not in {Members.OfGroup} and {EvidenceRow.Seen}
        order by i.number
        limit 20
        """;

    private const string Next =
        """
        -- every row: a number is never given twice, whoever sees the file that has it
        select coalesce(max(m.number), 0) + 1 from ticketing.evidence m where m.incident_id = @Incident
        """;

    private const string Insert =
        """
        insert into ticketing.evidence (id, incident_id, number, name, kind, size, md5, sha1, sha256, origin, mail_id, stored, sealed_key, added_at, added_by, custody_lines, custody_head, tlp, pap, exercise, named)
        values (@Id, @IncidentId, @Number, @Name, @Kind, @Size, decode(@Md5, 'hex'), decode(@Sha1, 'hex'), decode(@Sha256, 'hex'), @Origin, @MailId, decode(@Stored, 'hex'), @SealedKey, @AddedAt, @AddedBy,
            0, @CustodyHead, @Tlp, @Pap, @Exercise, @Named)
        """;

    public override Permission Permission => Permissions.Keep;

    protected override async Task<Outcome<EvidenceKept>> HandleAsync(Work work, KeepRequest request, CancellationToken cancel)
    {
        var (from, how) = (Line(request.From), Line(request.How));
        if (from.Length > LongestParty)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.From), LongestParty);
        if (how.Length > LongestNote)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.How), LongestNote);
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null || work.Viewer.Constituent is not null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var asked = Visible.With(work.Viewer, new { Incident = incident.Id, request.File.Sha256 });
        var elsewhere = await work.QueryAsync<string>(Others, asked, cancel);
        if (await work.FindAsync<Guid?>(Same, asked, cancel) is { } known && await EvidenceRow.LockAsync(work, known, cancel) is { } there)
        {
            await Custody.AddAsync(work, there, "received-again", from, how, cancel);
            return Answer(there, again: true, elsewhere, 0);
        }
        var row = await AddAsync(work, request, incident, cancel);
        await Custody.AddAsync(work, row, "received", from, how, cancel);
        await Custody.AddAsync(work, row, "hashed", "", $"MD5 {row.Md5}, SHA-1 {row.Sha1}, SHA-256 {row.Sha256}, {row.Size} B", cancel);
        await Custody.TellAsync(work, row, "received", cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, null, cancel);
        return Answer(row, again: false, elsewhere, request.Traces ? await TracesAsync(work, row, incident, cancel) : 0);
    }

    /// <summary>What whoever sees the incident may read: not the hashes of a file that only some of them may see.</summary>
    private static async Task<int> TracesAsync(Work work, EvidenceRow row, IncidentRow incident, CancellationToken cancel) =>
        row.Tlp > incident.Tlp ? 0 : await Traces.AddAsync(work, incident.IncidentId, [new("sha256", row.Sha256), new("sha1", row.Sha1), new("md5", row.Md5)], "evidence", cancel);

    private async Task<EvidenceRow> AddAsync(Work work, KeepRequest request, IncidentRow incident, CancellationToken cancel)
    {
        var file = request.File;
        var tlp = (short)Math.Max(incident.Tlp, (short)(request.Tlp ?? Tlp.Clear));
        var row = new EvidenceRow
        {
            Id = Guid.CreateVersion7(),
            IncidentId = incident.Id,
            IncidentNumber = incident.Number,
            Number = await work.FindAsync<int>(Next, new { Incident = incident.Id }, cancel),
            Name = FileNames.Safe(request.Name),
            Kind = file.Kind,
            Size = file.Size,
            Md5 = file.Md5,
            Sha1 = file.Sha1,
            Sha256 = file.Sha256,
            Origin = request.Mail is null ? "upload" : "mail",
            MailId = request.Mail?.Value,
            Stored = file.File.Sha256,
            SealedKey = file.Key,
            AddedAt = work.Now,
            AddedBy = work.Viewer.Name,
            CustodyHead = Custody.Beginning(file.Sha256),
            Tlp = tlp,
            Pap = incident.Pap,
            Exercise = incident.Exercise,
            // RED is by name: that of the incident where it is RED itself, else whoever brought the file.
            Named = tlp != (short)Tlp.Red ? [] : incident.Tlp == tlp ? incident.Named : [work.Viewer.Id.Value],
        };
        await work.ExecuteAsync(Insert, row, cancel);
        await files.OwnAsync(work, file.File, EvidenceVault.OwnerOf(row.Id), row.Label, cancel);
        return row;
    }

    private static EvidenceKept Answer(EvidenceRow row, bool again, IReadOnlyList<string> elsewhere, int traces) =>
        new(row.Id, row.Number, row.Name, row.Size, row.Kind, row.Md5, row.Sha1, row.Sha256, again, elsewhere, traces);

    /// <summary>One line of a person's words.</summary>
    internal static string Line(string? text) => string.Concat((text ?? "").Select(c => char.IsControl(c) ? ' ' : c)).Trim();
}
