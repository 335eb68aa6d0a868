using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Tasks;

/// <summary>The tasks of one incident by its number, in their order; those of its parts stand after its own.</summary>
internal sealed class ListIncidentTasks(Database database, TimeProvider time) : Query<string, IReadOnlyList<TaskLine>>
{
    private const string Select = $"{TaskRow.Select}\n  and k.incident_id in {Members.OfId}\norder by k.incident_id <> @Id, m.number, k.position, k.id\nlimit 1000";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<TaskLine>>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var incident = await IncidentRow.FindAsync(database, viewer, (request ?? "").Trim().ToUpperInvariant(), cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        // How the team works stays with the team.
        if (viewer.Constituent is not null)
            return Array.Empty<TaskLine>();
        var now = time.GetUtcNow();
        return (await database.QueryAsync<TaskRow>(Select, Visible.With(viewer, new { incident.Id }), cancel)).Select(r => r.Read(now)).ToArray();
    }
}
