using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Merge;

/// <summary>
/// An incident and those merged into it. A merged incident keeps its own rows and points at its root, so a merge moves nothing and its undo restores both exactly.
/// What is read of a root is read of all its members that the viewer may see; mail belongs to the member that its thread or number names.
/// </summary>
internal static class Members
{
    /// <summary>The ids of the incident <c>@Id</c> and of those merged into it, as far as the viewer may see them.</summary>
    public const string OfId = $"(select m.id from ticketing.incidents m where (m.id = @Id or m.root_id = @Id) and {Visible.RowsOfConstituents})";

    /// <summary>The ids of all members of the group that <c>@Incident</c> belongs to. For the appliance's own decisions; say why beside it.</summary>
    public const string OfGroup =
        """
        (select g.id
         from ticketing.incidents i
         join ticketing.incidents g on g.id = coalesce(i.root_id, i.id) or g.root_id = coalesce(i.root_id, i.id)
         where i.id = @Incident)
        """;

    private const string Serialize = "select pg_advisory_xact_lock(hashtext('ticketing.merge'))";

    private const string Point =
        """
        with recursive below as (
            select m.id, 0 as depth from ticketing.incidents m where m.id = any(@Sources)
            union all
            select c.id, b.depth + 1 from ticketing.incidents c join below b on c.merged_into = b.id
        )
        -- every row: what is merged moves along with its root, whoever may see it
        update ticketing.incidents m
        set root_id = @Target,
            merged_into = case when b.depth = 0 then @Target else m.merged_into end,
            merge_act = case when b.depth = 0 then @Act else m.merge_act end,
            version = m.version + 1, changed_at = @Now, changed_by = @By
        from below b
        where m.id = b.id
        """;

    private const string Unpoint =
        """
        with recursive below as (
            select m.id, m.id as top from ticketing.incidents m where m.id = any(@Sources)
            union all
            select c.id, b.top from ticketing.incidents c join below b on c.merged_into = b.id
        )
        -- every row: what was merged before moves along with its root, whoever may see it
        update ticketing.incidents m
        set root_id = case when b.top = m.id then null else b.top end,
            merged_into = case when b.top = m.id then null else m.merged_into end,
            merge_act = case when b.top = m.id then null else m.merge_act end,
            version = m.version + 1, changed_at = @Now, changed_by = @By
        from below b
        where m.id = b.id
        """;

    private const string Numbers =
        """
        -- every row: the timeline of a visible incident names the one it was merged with
        select m.id, m.number from ticketing.incidents m where m.id = any(@Ids)
        """;

    private const string Groups =
        """
        -- every row: alerts behind a closed incident are settled, whoever may see them
        select coalesce(m.root_id, m.id) as root, m.from_alerts
        from ticketing.incidents m
        where (m.id = any(@Ids) or m.root_id = any(@Ids)) and m.from_alerts is not null
        """;

    private const string Strictest =
        """
        -- every row: a message about the incident wears the strictest label of its parts
        select max(m.tlp) as tlp, max(m.pap) as pap
        from ticketing.incidents m
        where m.id = @Id or m.root_id = @Id
        """;

    /// <summary>Merges and their undoing wait for each other: opposite ones at the same time are one after the other.</summary>
    public static Task LockMergesAsync(Work work, CancellationToken cancel) => work.ExecuteAsync(Serialize, null, cancel);

    public static Task PointAsync(Work work, Guid[] sources, Guid target, Guid act, CancellationToken cancel) =>
        work.ExecuteAsync(Point, new { Sources = sources, Target = target, Act = act, work.Now, By = work.Viewer.Name }, cancel);

    /// <summary>Makes incidents of their own again of those that were merged; both timelines say so.</summary>
    public static async Task TakeOutAsync(Work work, IReadOnlyList<IncidentRow> sources, CancellationToken cancel)
    {
        await work.ExecuteAsync(Unpoint, new { Sources = sources.Select(s => s.Id).ToArray(), work.Now, By = work.Viewer.Name }, cancel);
        var numbers = (await work.QueryAsync<NumberRow>(Numbers, new { Ids = sources.Select(s => s.MergedInto!.Value).Distinct().ToArray() }, cancel)).ToDictionary(n => n.Id, n => n.Number);
        await TimelineEntry.AddAllAsync(
            work,
            [
                .. sources.Select(s => new TimelineEntry(s.IncidentId, "unmerge") { Detail = new { number = numbers[s.MergedInto!.Value] } }),
                .. sources.Select(s => new TimelineEntry(new(s.MergedInto!.Value), "unmerge") { Detail = new { number = s.Number } }),
            ],
            cancel);
    }

    /// <summary>The alert groups behind each of <paramref name="roots"/> and its members.</summary>
    public static async Task<ILookup<Guid, Guid>> AlertGroupsAsync(Work work, Guid[] roots, CancellationToken cancel) =>
        (await work.QueryAsync<GroupRow>(Groups, new { Ids = roots }, cancel)).ToLookup(r => r.Root, r => r.FromAlerts);

    /// <summary>The label that a message about the incident wears: the strictest of its members.</summary>
    public static async Task<Marking> MarkingAsync(Database database, IncidentRow incident, CancellationToken cancel) =>
        Strict(incident, (await database.FindAsync<LabelRow>(Strictest, new { incident.Id }, cancel))!);

    /// <summary>The same within a transaction.</summary>
    public static async Task<Marking> MarkingAsync(Work work, IncidentRow incident, CancellationToken cancel) =>
        Strict(incident, (await work.FindAsync<LabelRow>(Strictest, new { incident.Id }, cancel))!);

    private static Marking Strict(IncidentRow incident, LabelRow strictest) => incident.Marking() with { Tlp = (Tlp)strictest.Tlp, Pap = (Pap)strictest.Pap };

    private sealed class NumberRow
    {
        public Guid Id { get; set; }

        public string Number { get; set; } = "";
    }

    private sealed class GroupRow
    {
        public Guid Root { get; set; }

        public Guid FromAlerts { get; set; }
    }

    private sealed class LabelRow
    {
        public short Tlp { get; set; }

        public short Pap { get; set; }
    }
}
