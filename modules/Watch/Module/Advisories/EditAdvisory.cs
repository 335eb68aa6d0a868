using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Advisories;

/// <summary>New text for an advisory; the version is the one the editor saw.</summary>
internal sealed record AdvisoryEdit(AdvisoryId Id, int Version, AdvisoryFields Fields);

/// <summary>Changes the text. Whatever review or approval there was is over: nobody approved these words. Of a published advisory this begins the next revision.</summary>
internal sealed class EditAdvisory(Database database) : Act<AdvisoryEdit, int>(database)
{
    private const string Update =
        """
        update watch.advisories
        set title = @Title, severity = @Severity, summary = @Summary, body = @Body, cves = @Cves, observables = @Observables::jsonb, links = @Links, language = @Language,
          tlp = @Tlp, pap = @Pap, exercise = @Exercise, state = 'draft', submitted_at = null, approved_by = null, approved_by_id = null, approved_at = null,
          editors = @Editors, version = version + 1, changed_at = @Now
        where id = @Id
        returning version
        """;

    public override Permission Permission => Permissions.WriteAdvisories;

    protected override async Task<Outcome<int>> HandleAsync(Work work, AdvisoryEdit request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<int>.Refused(faults);
        var row = await work.FindAsync<AdvisoryRow>(AdvisoryRow.Find, Visible.With(work.Viewer, new { Id = request.Id.Value }), cancel);
        if (row is null)
            return Refuse.NotFound("watch.refused.no-advisory");
        if (row.Version != request.Version)
            return Refuse.Changed("watch.refused.advisory-changed", row.Number);
        if (row.State == "withdrawn")
            return Refuse.Conflict("watch.refused.advisory-withdrawn", row.Number);
        // A drill never turns into the real thing, nor back: the number would mean two things.
        if (row.Revision > 0 && row.Exercise != fields.Exercise)
            return Refuse.Conflict("watch.refused.advisory-exercise", row.Number);
        // After a publication the hands of the last revision no longer count.
        var editors = row.State == "published" ? [work.Viewer.Id.Value] : row.Editors.Append(work.Viewer.Id.Value).Distinct().ToArray();
        var version = await work.FindAsync<int>(
            Update,
            new
            {
                Id = request.Id.Value,
                fields.Title,
                Severity = (short)fields.Severity,
                fields.Summary,
                fields.Body,
                Cves = fields.Cves.ToArray(),
                Observables = JsonSerializer.Serialize(fields.Observables, OutboxJson.Options),
                Links = fields.Links.ToArray(),
                fields.Language,
                Tlp = (short)fields.Tlp,
                Pap = (short)fields.Pap,
                fields.Exercise,
                Editors = editors,
                work.Now,
            },
            cancel);
        work.Audit("watch.advisory.edited", $"advisory/{request.Id}", new { row.Number, From = row.State });
        return version;
    }
}
