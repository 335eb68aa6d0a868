using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Notices;

/// <summary>A file that its owner wants to send with a message about an incident.</summary>
internal sealed class NoticeFileRow
{
    internal const string Columns = "m.id, m.incident_id, m.name, m.size, encode(m.sha256, 'hex') as sha256, encode(m.stored, 'hex') as stored, m.sealed_key, m.tlp, m.pap, m.exercise, m.named";

    /// <summary>Drafts are seen by whoever writes them.</summary>
    internal const string Own = $"(m.user_id = @viewer_id and {Visible.Rows})";

    private const string One = $"select {Columns} from ticketing.notice_files m where m.id = @Id and {Own}";

    private const string OneForChange = $"{One} for update";

    public Guid Id { get; set; }

    public Guid IncidentId { get; set; }

    public string Name { get; set; } = "";

    public long Size { get; set; }

    public string Sha256 { get; set; } = "";

    public string Stored { get; set; } = "";

    public string SealedKey { get; set; } = "";

    public short Tlp { get; set; }

    public short Pap { get; set; }

    public bool Exercise { get; set; }

    public Guid[] Named { get; set; } = [];

    public static string OwnerOf(Guid id) => $"notice-file/{id}";

    public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);

    public static Task<NoticeFileRow?> FindAsync(Database database, Viewer viewer, Guid id, CancellationToken cancel) => database.FindAsync<NoticeFileRow>(One, Visible.With(viewer, new { Id = id }), cancel);

    public static Task<NoticeFileRow?> LockAsync(Work work, Guid id, CancellationToken cancel) => work.FindAsync<NoticeFileRow>(OneForChange, Visible.With(work.Viewer, new { Id = id }), cancel);
}
