using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Templates;

/// <summary>A template, made from an incident or changed.</summary>
/// <param name="Fields">The whole of it.</param>
/// <param name="Source">The incident that a new one is made from.</param>
/// <param name="Template">The one that is changed; null for a new one.</param>
/// <param name="Version">The version that its editor saw.</param>
internal sealed record TemplateDraft(TemplateFields Fields, IncidentId? Source = null, Guid? Template = null, int Version = 0);

/// <summary>A template and its version.</summary>
internal sealed record TemplateRef(Guid Id, int Version);

/// <summary>Makes a template from an incident, or changes one unless somebody else did so meanwhile. It wears the strictest label of the incident's parts; nothing is made from what is RED, and it holds none of the incident's people, organisations and traces.</summary>
internal sealed class WriteTemplate(Database database) : Act<TemplateDraft, TemplateRef>(database)
{
    private const string Insert =
        """
        insert into ticketing.templates (id, source_id, name, title, summary, rsit_type, severity, impact, urgency, carries_marking, tasks, notes, changed_at, changed_by, tlp, pap, exercise)
        values (@Id, @Source, @Name, @Title, @Summary, @RsitType, @Severity, @Impact, @Urgency, @CarriesMarking, @Tasks::jsonb, @Notes, @Now, @By, @Tlp, @Pap, @Exercise)
        """;

    private const string Update =
        """
        update ticketing.templates
        set name = @Name, title = @Title, summary = @Summary, rsit_type = @RsitType, severity = @Severity, impact = @Impact, urgency = @Urgency, carries_marking = @CarriesMarking,
            tasks = @Tasks::jsonb, notes = @Notes, version = version + 1, changed_at = @Now, changed_by = @By
        where id = @Id
        """;

    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<TemplateRef>> HandleAsync(Work work, TemplateDraft request, CancellationToken cancel)
    {
        var fields = (request.Fields ?? new()).Tidy();
        var found = request.Template is { } template ? await work.FindAsync<TemplateRow>(TemplateRow.ForChange, Visible.With(work.Viewer, new { Template = template }), cancel) : null;
        if (request.Template is not null && found is null)
            return Refuse.NotFound("ticketing.refused.no-template");
        if (found is not null && found.Version != request.Version)
            return Refuse.Changed("ticketing.refused.template-changed", found.ChangedBy, found.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        var source = found is null && request.Source is { } incident ? await IncidentRow.LockAsync(work, incident, cancel) : null;
        if (found is null && source is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var faults = fields.Faults().ToList();
        var mark = source is null ? found!.Marking() : await Members.MarkingAsync(work, source, cancel);
        if (mark.Tlp == Tlp.Red)
            faults.Add(Refuse.Conflict("ticketing.refused.template-red"));
        if (await SourcePrivacy.FaultAsync(work, source?.Id ?? found!.SourceId, fields.Texts(), cancel) is { } personal)
            faults.Add(personal);
        if (fields.RsitType is { } type && type != (source?.RsitType ?? found?.RsitType))
            faults.AddRange(await LocalTypes.MissingAsync(work, [type], cancel));
        if (faults.Count > 0)
            return Outcome<TemplateRef>.Refused(faults);
        var id = found?.Id ?? Guid.CreateVersion7();
        await work.ExecuteAsync(
            found is null ? Insert : Update,
            new
            {
                Id = id,
                Source = source?.Id,
                fields.Name,
                fields.Title,
                fields.Summary,
                fields.RsitType,
                fields.Severity,
                fields.Impact,
                fields.Urgency,
                fields.CarriesMarking,
                Tasks = JsonSerializer.Serialize(fields.Tasks, OutboxJson.Options),
                Notes = fields.Notes.ToArray(),
                work.Now,
                By = work.Viewer.Name,
                Tlp = (short)mark.Tlp,
                Pap = (short)mark.Pap,
                mark.Exercise,
            },
            cancel);
        work.Audit("ticketing.template.written", $"template/{id}", new { version = (found?.Version ?? 0) + 1, source = source?.Number, tasks = fields.Tasks.Count, notes = fields.Notes.Count, tlp = mark.Label });
        return new TemplateRef(id, (found?.Version ?? 0) + 1);
    }
}
