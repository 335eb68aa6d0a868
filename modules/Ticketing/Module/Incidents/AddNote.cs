using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Clocks;

namespace Appliance.Ticketing.Incidents;

/// <summary>A note of the team.</summary>
internal sealed record NoteRequest(IncidentId Incident, string Text);

/// <summary>Adds a note to the timeline. Notes never conflict: each stands for itself.</summary>
internal sealed class AddNote(Database database, IncidentClocks clocks, IStaff staff) : Act<NoteRequest, Done>(database)
{
    internal const int Longest = 50_000;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, NoteRequest request, CancellationToken cancel)
    {
        var text = (request.Text ?? "").Trim().Replace("\0", "", StringComparison.Ordinal);
        if (text.Length == 0)
            return Refuse.Invalid("ticketing.refused.note-empty", nameof(request.Text));
        if (text.Length > Longest)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Text), Longest);
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        await new TimelineEntry(found.IncidentId, "note") { Text = text }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, found.IncidentId, found.State == IncidentStates.InProgress && found.SnoozedUntil is null ? clocks.Due(found.State, found.Severity, work.Now) : null, cancel);
        await Mentions.TellAsync(work, found, text, "", staff, cancel);
        work.Audit("ticketing.incident.noted", found.Subject, new { found.Number, characters = text.Length });
        return default(Done);
    }
}
