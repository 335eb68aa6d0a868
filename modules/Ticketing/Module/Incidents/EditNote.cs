using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Incidents;

/// <summary>A note written anew.</summary>
/// <param name="Note">The entry of the timeline.</param>
/// <param name="Version">The version that its editor saw.</param>
/// <param name="Text">The whole new text.</param>
internal sealed record EditNoteRequest(Guid Note, int Version, string Text);

/// <summary>Adds a version to a note, unless someone else did so meanwhile: then nothing is stored, the refusal says who, and the page shows both. Every version stays readable.</summary>
internal sealed class EditNote(Database database, IStaff staff) : Act<EditNoteRequest, int>(database)
{
    private const string Find =
        $"""
        select t.incident_id, t.text, t.actor_name as by_name, t.at, 1 as version
        from ticketing.timeline t
        join ticketing.incidents m on m.id = t.incident_id
        where t.id = @Note and t.kind = 'note' and {Visible.RowsOfConstituents}
        """;

    private const string Latest = "select v.text, v.by_name, v.at, v.version from ticketing.note_versions v where v.note_id = @Note order by v.version desc limit 1";

    private const string Insert = "insert into ticketing.note_versions (note_id, version, at, by_id, by_name, text) values (@Note, @Version, @Now, @By, @ByName, @Text)";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, EditNoteRequest request, CancellationToken cancel)
    {
        var text = (request.Text ?? "").Trim().Replace("\0", "", StringComparison.Ordinal);
        if (text.Length == 0)
            return Refuse.Invalid("ticketing.refused.note-empty", nameof(request.Text));
        if (text.Length > AddNote.Longest)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Text), AddNote.Longest);
        var first = await work.FindAsync<NoteRow>(Find, Visible.With(work.Viewer, new { request.Note }), cancel);
        // The incident is locked first, so that versions of one note are written one after the other.
        var incident = first is null ? null : await IncidentRow.LockAsync(work, new(first.IncidentId), cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-note");
        var latest = await work.FindAsync<NoteRow>(Latest, new { request.Note }, cancel) ?? first!;
        if (latest.Version != request.Version)
            return Refuse.Changed("ticketing.refused.note-changed", latest.ByName, latest.At.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        if (latest.Text == text)
            return Refuse.Conflict("ticketing.refused.same", incident.Number);
        await work.ExecuteAsync(Insert, new { request.Note, Version = latest.Version + 1, work.Now, By = work.Viewer.Id.Value, ByName = work.Viewer.Name, Text = text }, cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, null, cancel);
        await Mentions.TellAsync(work, incident, text, latest.Text, staff, cancel);
        work.Audit("ticketing.incident.note-edited", incident.Subject, new { incident.Number, note = request.Note, version = latest.Version + 1, characters = text.Length });
        return latest.Version + 1;
    }

    private sealed class NoteRow
    {
        public Guid IncidentId { get; set; }

        public string Text { get; set; } = "";

        public string ByName { get; set; } = "";

        public DateTimeOffset At { get; set; }

        public int Version { get; set; }
    }
}
