using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;

namespace Appliance.Ticketing.Templates;

/// <summary>What of an incident can stand in a template; its parties and traces are not among it.</summary>
internal sealed class OfferTemplate(Database database, IncidentClocks clocks) : Query<string, TemplateFields>
{
    private const string Tasks =
        $"select k.texts::text as texts, k.who, k.added_at, k.due_at from ticketing.tasks k where k.incident_id in {Members.OfId} order by k.incident_id <> @Id, k.position, k.id limit 50";

    private const string Notes =
        $"""
        select coalesce(v.text, t.text)
        from ticketing.timeline t
        left join lateral (select n.text from ticketing.note_versions n where n.note_id = t.id order by n.version desc limit 1) v on true
        where t.incident_id in {Members.OfId} and t.kind = 'note'
        order by t.at, t.id
        limit 20
        """;

    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<TemplateFields>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var incident = viewer.Constituent is null ? await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel) : null;
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var parameters = Visible.With(viewer, new { incident.Id });
        var tasks = await database.QueryAsync<TaskOfSource>(Tasks, parameters, cancel);
        return new TemplateFields
        {
            Title = TitlePattern.Of(incident.Title, incident.ConstituentNames),
            Summary = TitlePattern.Of(incident.Summary, incident.ConstituentNames),
            RsitType = incident.RsitType,
            Severity = incident.Severity,
            Impact = incident.Impact,
            Urgency = incident.Urgency,
            Tasks = [.. tasks.Select(t => new PlaybookStep(new TaskRow { Texts = t.Texts }.Words(), t.Who, t.DueAt is { } due ? Math.Clamp(clocks.Between(t.AddedAt, due, incident.Severity), 1, TaskRules.MostMinutes) : null))],
            Notes = [.. (await database.QueryAsync<string>(Notes, parameters, cancel)).Select(n => TitlePattern.Of(n, incident.ConstituentNames))],
        };
    }

    private sealed class TaskOfSource
    {
        public string Texts { get; set; } = "{}";

        public string Who { get; set; } = "";

        public DateTimeOffset AddedAt { get; set; }

        public DateTimeOffset? DueAt { get; set; }
    }
}
