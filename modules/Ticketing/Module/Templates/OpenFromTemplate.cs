using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Templates;

/// <summary>An incident that begins with a template.</summary>
/// <param name="Template">The template.</param>
/// <param name="Fields">What stands in the form; null for what the template says alone.</param>
/// <param name="Source">form or api.</param>
internal sealed record TemplateOpening(Guid Template, IncidentFields? Fields = null, string Source = "form");

/// <summary>Opens an incident with the words, tasks and notes of a template. It is marked at least as strictly as the template.</summary>
internal sealed class OpenFromTemplate(Database database, IncidentOpening opening, IConstituency constituency, IncidentClocks clocks) : Act<TemplateOpening, IncidentRef>(database)
{
    public override Permission Permission => Permissions.Open;

    protected override async Task<Outcome<IncidentRef>> HandleAsync(Work work, TemplateOpening request, CancellationToken cancel)
    {
        var found = work.Viewer.Constituent is null ? await work.FindAsync<TemplateRow>(TemplateRow.One, Visible.With(work.Viewer, new { request.Template }), cancel) : null;
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-template");
        if (found.RetiredAt is not null)
            return Refuse.Conflict("ticketing.refused.playbook-retired", found.Name);
        var template = found.Read();
        var fields = (request.Fields ?? Of(template)).Tidy();
        var faults = fields.Faults().ToList();
        var names = await ConstituentNames.ReadAsync(constituency, work.Viewer, fields.Constituents, cancel);
        faults.AddRange(names.Refusals);
        faults.AddRange(await LocalTypes.MissingAsync(work, [fields.RsitType], cancel));
        if (fields.Marking.Tlp < template.Floor.Tlp || fields.Marking.Pap < template.Floor.Pap)
            faults.Add(Refuse.Invalid("ticketing.refused.template-lower", nameof(fields.Marking), template.Floor.Label, $"PAP:{template.Floor.Pap.ToString().ToUpperInvariant()}"));
        if (faults.Count > 0)
            return Outcome<IncidentRef>.Refused(faults);
        fields = fields with { Title = TitlePattern.Fill(fields.Title, work.Now, names.Value), Summary = TitlePattern.Fill(fields.Summary, work.Now, names.Value, 20_000) };
        var opened = await opening.OpenAsync(work, new(fields, request.Source, names.Value) { Detail = new { source = request.Source, template = found.Id, templateVersion = found.Version } }, cancel);
        var incident = (await IncidentRow.LockAsync(work, opened.Id, cancel))!;
        if (template.Fields.Tasks.Count > 0 && await NewTask.AddAllAsync(work, incident, null, [.. template.Fields.Tasks.Select(t => new NewTask(t.Texts, t.Who, t.DueMinutes))], clocks, cancel) is { } refusal)
            return refusal;
        await TimelineEntry.AddAllAsync(work, [.. template.Fields.Notes.Select(n => new TimelineEntry(opened.Id, "note") { Text = TitlePattern.Fill(n, work.Now, names.Value, AddNote.Longest) })], cancel);
        work.Audit("ticketing.template.used", incident.Subject, new { opened.Number, template = found.Id, found.Version });
        return opened;
    }

    /// <summary>What a form begins with.</summary>
    public static IncidentFields Of(TemplateSheet template) => new()
    {
        Title = template.Fields.Title,
        Summary = template.Fields.Summary,
        Severity = template.Fields.Severity ?? 3,
        Impact = template.Fields.Impact,
        Urgency = template.Fields.Urgency,
        RsitType = template.Fields.RsitType ?? Rsit.Undetermined,
        Marking = template.Floor,
    };
}
