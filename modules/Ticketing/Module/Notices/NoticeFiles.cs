using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Notices;

/// <summary>A file of a message that is not sent yet.</summary>
internal sealed record NoticeFileLine(Guid Id, string Name, long Size, string Sha256, Marking Marking);

/// <summary>A file to be sent with the next message.</summary>
/// <param name="Incident">What the message is about.</param>
/// <param name="File">As the vault took it.</param>
/// <param name="Name">As its sender calls it.</param>
/// <param name="Tlp">Its own label where it is stricter than the incident's, or null.</param>
internal sealed record AttachFileRequest(IncidentId Incident, SealedFile File, string Name, Tlp? Tlp = null);

/// <summary>Puts a file to the draft of a message.</summary>
internal sealed class AttachFile(Database database, FileStore files, TicketingOptions options) : Act<AttachFileRequest, NoticeFileLine>(database)
{
    public const int Most = 10;

    private const string Had = $"select coalesce(sum(m.size), 0)::bigint as bytes, count(*) as files from ticketing.notice_files m where m.incident_id = @Incident and {NoticeFileRow.Own}";

    private const string Insert =
        """
        insert into ticketing.notice_files (id, incident_id, user_id, name, size, sha256, stored, sealed_key, added_at, tlp, pap, exercise, named)
        values (@Id, @IncidentId, @User, @Name, @Size, decode(@Sha256, 'hex'), decode(@Stored, 'hex'), @SealedKey, @Now, @Tlp, @Pap, @Exercise, @Named)
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<NoticeFileLine>> HandleAsync(Work work, AttachFileRequest request, CancellationToken cancel)
    {
        if (await IncidentRow.LockAsync(work, request.Incident, cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var had = (await work.FindAsync<HadRow>(Had, Visible.With(work.Viewer, new { Incident = incident.Id }), cancel))!;
        if (had.Files >= Most || had.Bytes + request.File.Size > options.MailFilesBytes)
            return Refuse.Invalid("ticketing.refused.mail-files", "file", Most, options.MailFilesLimitMib);
        var tlp = (short)Math.Max(incident.Tlp, (short)(request.Tlp ?? Tlp.Clear));
        var row = new NoticeFileRow
        {
            Id = Guid.CreateVersion7(),
            IncidentId = incident.Id,
            Name = FileNames.Safe(request.Name),
            Size = request.File.Size,
            Sha256 = request.File.Sha256,
            Stored = request.File.File.Sha256,
            SealedKey = request.File.Key,
            Tlp = tlp,
            Pap = incident.Pap,
            Exercise = incident.Exercise,
            Named = tlp == (short)Tlp.Red ? [work.Viewer.Id.Value] : [],
        };
        await work.ExecuteAsync(
            Insert,
            new { row.Id, row.IncidentId, User = work.Viewer.Id.Value, row.Name, row.Size, row.Sha256, row.Stored, row.SealedKey, work.Now, row.Tlp, row.Pap, row.Exercise, row.Named },
            cancel);
        await files.OwnAsync(work, request.File.File, NoticeFileRow.OwnerOf(row.Id), "notice", cancel);
        work.Audit("ticketing.notice.file-attached", incident.Subject, new { incident.Number, row.Size, row.Sha256 });
        return new NoticeFileLine(row.Id, row.Name, row.Size, row.Sha256, row.Marking());
    }

    private sealed class HadRow
    {
        public long Bytes { get; set; }

        public long Files { get; set; }
    }
}

/// <summary>One's own files for the next message about an incident.</summary>
internal sealed class ListNoticeFiles(Database database) : Query<EvidenceWanted, IReadOnlyList<NoticeFileLine>>
{
    private const string All =
        $"""
        select {NoticeFileRow.Columns}
        from ticketing.notice_files m
        where m.incident_id in (select coalesce(m.root_id, m.id) from ticketing.incidents m where m.id = @Incident and {Visible.RowsOfConstituents}) and {NoticeFileRow.Own}
        order by m.added_at, m.id
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<IReadOnlyList<NoticeFileLine>>> HandleAsync(Viewer viewer, EvidenceWanted request, CancellationToken cancel) =>
        (await database.QueryAsync<NoticeFileRow>(All, Visible.With(viewer, new { Incident = request.Incident.Value }), cancel)).Select(r => new NoticeFileLine(r.Id, r.Name, r.Size, r.Sha256, r.Marking())).ToList();
}

/// <summary>A file that is not to be sent after all.</summary>
internal sealed record DetachRequest(Guid File);

/// <summary>Takes a file back from the draft of a message.</summary>
internal sealed class DetachFile(Database database, FileStore files) : Act<DetachRequest, Done>(database)
{
    internal const string Delete = "delete from ticketing.notice_files m where m.id = @Id";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, DetachRequest request, CancellationToken cancel)
    {
        if (await NoticeFileRow.LockAsync(work, request.File, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-notice-file");
        await DropAsync(work, files, row.Id, cancel);
        work.Audit("ticketing.notice.file-taken-back", $"incident/{row.IncidentId}", new { row.Size, row.Sha256 });
        return default(Done);
    }

    internal static async Task DropAsync(Work work, FileStore files, Guid id, CancellationToken cancel)
    {
        await files.DisownAsync(work, NoticeFileRow.OwnerOf(id), null, cancel);
        await work.ExecuteAsync(Delete, new { Id = id }, cancel);
    }
}
