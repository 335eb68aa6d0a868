using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Handover;

/// <summary>The open incidents that the next shift should hear of: the viewer's own, those overdue, and those on which something happened in the last twelve hours; at most fifty.</summary>
internal sealed class SuggestHandover(Database database, TimeProvider time) : Query<Done, IReadOnlyList<HandoverIncident>>
{
    private const string Select =
        $"""
        select m.id, m.number, m.title, m.state, m.owner_name as owner, m.due_at, m.tlp, m.pap, m.exercise
        from ticketing.incidents m
        where m.closed_at is null and m.merged_into is null and {Visible.RowsOfConstituents}
          and (m.owner_id = @viewer_id or m.due_at < @Now or m.changed_at > @Since)
        order by m.owner_id is distinct from @viewer_id, m.due_at nulls last, m.changed_at desc
        limit 50
        """;

    private static readonly TimeSpan s_shift = TimeSpan.FromHours(12);

    public override Permission Permission => Permissions.HandOver;

    protected override async Task<Outcome<IReadOnlyList<HandoverIncident>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return (await database.QueryAsync<IncidentLine>(Select, Visible.With(viewer, new { Now = now, Since = now - s_shift }), cancel)).Select(i => i.Of()).ToArray();
    }
}
