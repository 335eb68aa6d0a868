using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Queue;

/// <summary>The numbers beside the views.</summary>
internal sealed record ViewCounts(long Mine, long Unassigned, long Open, long Overdue, long NewReports, long MineOverdue, long Snoozed);

/// <summary>Counts the views as this viewer may see them. Reads the index over open incidents alone.</summary>
internal sealed class CountViews(Database database, TimeProvider time) : Query<Done, ViewCounts>
{
    private const string Incidents =
        $"""
        select count(*) filter (where m.owner_id = @viewer_id and (m.snoozed_until is null or m.snoozed_until <= @Now)) as mine,
               count(*) filter (where m.owner_id is null and (m.snoozed_until is null or m.snoozed_until <= @Now)) as unassigned,
               count(*) filter (where m.snoozed_until is null or m.snoozed_until <= @Now) as open,
               count(*) filter (where m.snoozed_until > @Now) as snoozed,
               count(*) filter (where m.due_at < @Now) as overdue,
               count(*) filter (where m.due_at < @Now and m.owner_id = @viewer_id) as mine_overdue
        from ticketing.incidents m
        where m.closed_at is null and m.merged_into is null and {Visible.RowsOfConstituents}
        """;

    private const string Reports =
        $"select count(*) from ticketing.reports m where m.state = 'new' and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<ViewCounts>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var parameters = Visible.With(viewer, new { Now = time.GetUtcNow() });
        var incidents = (await database.FindAsync<CountRow>(Incidents, parameters, cancel))!;
        var reports = await database.FindAsync<long>(Reports, parameters, cancel);
        return new ViewCounts(incidents.Mine, incidents.Unassigned, incidents.Open, incidents.Overdue, reports, incidents.MineOverdue, incidents.Snoozed);
    }

    private sealed class CountRow
    {
        public long Mine { get; set; }

        public long Unassigned { get; set; }

        public long Open { get; set; }

        public long Overdue { get; set; }

        public long MineOverdue { get; set; }

        public long Snoozed { get; set; }
    }
}
