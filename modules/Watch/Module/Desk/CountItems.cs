using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Watch.Feeds;

namespace Appliance.Watch.Desk;

/// <summary>How much of one source waits.</summary>
/// <param name="Waiting">New items.</param>
/// <param name="Unread">New items that this person has not read.</param>
internal sealed record SourceCount(string Source, long Waiting, long Unread);

/// <summary>The left column of the desk: sources with what waits.</summary>
internal sealed class CountItems(Database database) : Query<Done, IReadOnlyList<SourceCount>>
{
    private const string Select =
        $"""
        select s.source, count(*) as waiting,
          count(*) filter (where not exists (select 1 from watch.item_reads r where r.item_id = m.id and r.person_id = @Person)) as unread
        from watch.items m
        join watch.item_sources s on s.item_id = m.id
        where {Visible.Rows} and m.state = 'new'
        group by s.source
        order by lower(s.source)
        limit 500
        """;

    public override Permission Permission => Permissions.ReadItems;

    protected override async Task<Outcome<IReadOnlyList<SourceCount>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        Answer.Of(await database.QueryAsync<SourceCount>(Select, Visible.With(viewer, new { Person = viewer.Id.Value }), cancel));
}
