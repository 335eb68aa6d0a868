using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;

namespace Appliance.Ticketing.Incidents;

/// <summary>New fields; <paramref name="Version"/> is the one the editor saw.</summary>
/// <param name="KeepsPap">True when the editor said nothing of PAP: it stays as it is.</param>
/// <param name="KeepsNamed">True when the editor said nothing of who may read what is RED: those named before may, or else the editor.</param>
/// <param name="KeepsExercise">True when the editor said nothing of its being an exercise.</param>
internal sealed record EditRequest(IncidentId Incident, int Version, IncidentFields Fields, bool KeepsPap = false, bool KeepsNamed = false, bool KeepsExercise = false);

/// <summary>Changes the fields of an incident, unless someone else changed them meanwhile: then nothing is overwritten and the refusal says who.</summary>
internal sealed class EditIncident(Database database, IConstituency constituency, IncidentClocks clocks) : Act<EditRequest, int>(database)
{
    private const string Update =
        """
        update ticketing.incidents m
        set title = @Title, summary = @Summary, severity = @Severity, impact = @Impact, urgency = @Urgency, due_at = @Due, resolve_due_at = @ResolveDue, rsit_type = @RsitType, constituents = @Constituents, constituent_names = @Names,
            tlp = @Tlp, pap = @Pap, named = @Named, version = m.version + 1, changed_at = @Now, changed_by = @By
        where m.id = @Id
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<int>> HandleAsync(Work work, EditRequest request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (found.Version != request.Version)
            return Refuse.Changed("ticketing.refused.changed-meanwhile", found.ChangedBy, found.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture));
        if (request.KeepsPap)
            fields = fields with { Marking = fields.Marking with { Pap = (Pap)found.Pap } };
        if (request.KeepsNamed && fields.Marking.Tlp == Tlp.Red)
            fields = fields with { Marking = fields.Marking with { Named = found.Tlp == (short)Tlp.Red ? found.Marking().Named : [work.Viewer.Id] } };
        if (request.KeepsExercise)
            fields = fields with { Marking = fields.Marking with { Exercise = found.Exercise } };
        var faults = fields.Faults().ToList();
        var names = await ConstituentNames.ReadAsync(constituency, work.Viewer, fields.Constituents, cancel);
        faults.AddRange(names.Refusals);
        if (fields.RsitType != found.RsitType)
            faults.AddRange(await LocalTypes.MissingAsync(work, [fields.RsitType], cancel));
        if (fields.Marking.Exercise != found.Exercise)
            faults.Add(Refuse.Invalid("ticketing.refused.exercise", nameof(fields.Marking)));
        if (faults.Count > 0)
            return Outcome<int>.Refused(faults);
        var before = IncidentSnapshot.Of(found);
        var clocked = clocks.Run(before, before with { Severity = fields.Severity }, work.Now);
        await work.ExecuteAsync(
            Update,
            new
            {
                found.Id,
                fields.Title,
                fields.Summary,
                fields.Severity,
                fields.Impact,
                fields.Urgency,
                Due = clocked.DueAt,
                ResolveDue = clocked.ResolveDueAt,
                fields.RsitType,
                Constituents = fields.Constituents.Select(c => c.Value).ToArray(),
                Names = names.Value.ToArray(),
                Tlp = (short)fields.Marking.Tlp,
                Pap = (short)fields.Marking.Pap,
                Named = (fields.Marking.Named ?? []).Select(n => n.Value).ToArray(),
                work.Now,
                By = work.Viewer.Name,
            },
            cancel);
        var changed = Changed(found, fields, names.Value).ToList();
        await new TimelineEntry(found.IncidentId, "edit") { Detail = new { fields = changed } }.AddAsync(work, cancel);
        work.Audit("ticketing.incident.edited", found.Subject, new { found.Number, fields = changed, tlp = fields.Marking.Label });
        return found.Version + 1;
    }

    private static IEnumerable<string> Changed(IncidentRow before, IncidentFields after, IReadOnlyList<string> names)
    {
        if (before.Title != after.Title)
            yield return "title";
        if (before.Summary != after.Summary)
            yield return "summary";
        if (before.Severity != after.Severity)
            yield return "severity";
        if (before.Impact != after.Impact)
            yield return "impact";
        if (before.Urgency != after.Urgency)
            yield return "urgency";
        if (before.RsitType != after.RsitType)
            yield return "rsit";
        if (!before.ConstituentNames.SequenceEqual(names))
            yield return "constituents";
        if (before.Tlp != (short)after.Marking.Tlp || before.Pap != (short)after.Marking.Pap || !before.Named.SequenceEqual((after.Marking.Named ?? []).Select(n => n.Value)))
            yield return "marking";
    }
}
