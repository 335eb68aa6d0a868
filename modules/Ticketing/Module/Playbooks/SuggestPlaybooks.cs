using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A playbook that can be started on an incident.</summary>
/// <param name="Name">In the viewer's language.</param>
/// <param name="Why">Null where it does not suggest itself.</param>
/// <param name="Running">True when it was started and some of its tasks are open.</param>
internal sealed record PlaybookOffer(Guid Id, int Version, string Name, int Steps, PlaybookMatch? Why, bool Running);

/// <summary>The playbooks for one incident by its number: those that suggest themselves first, the nearest on top, then the others by name.</summary>
internal sealed class SuggestPlaybooks(Database database) : Query<string, IReadOnlyList<PlaybookOffer>>
{
    internal const string Running =
        $"""
        select distinct n.playbook_id
        from ticketing.playbook_runs n
        join ticketing.tasks k on k.run_id = n.id
        where n.incident_id in {Members.OfId} and k.state in ('open', 'doing')
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<PlaybookOffer>>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var incident = await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        // How the team works stays with the team.
        if (viewer.Constituent is not null)
            return Array.Empty<PlaybookOffer>();
        var running = (await database.QueryAsync<Guid>(Running, Visible.With(viewer, new { incident.Id }), cancel)).ToHashSet();
        return (await PlaybookShelf.AllAsync(database, cancel))
            .Where(p => p.RetiredAt is null)
            .Select(p => new PlaybookOffer(p.Id, p.Version, InLanguage.Of(p.Fields.Names), p.Fields.Steps.Count, p.Match(incident.RsitType, incident.Severity), running.Contains(p.Id)))
            .OrderByDescending(o => o.Why?.Score ?? 0)
            .ThenBy(o => o.Name, StringComparer.Create(System.Globalization.CultureInfo.GetCultureInfo(InLanguage.Writer), ignoreCase: true))
            .ToArray();
    }
}
