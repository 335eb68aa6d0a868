using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.FollowUps;

/// <summary>Follow-ups of one incident, or those that are not at their end.</summary>
/// <param name="Number">The incident; null for all.</param>
/// <param name="Kind">investigation or countermeasure; null for both.</param>
internal sealed record FollowUpsWanted(string? Number = null, string? Kind = null);

/// <summary>An investigation or a countermeasure.</summary>
/// <param name="Incidents">Numbers of the incidents it serves that the viewer may see.</param>
/// <param name="Steps">What may follow its state.</param>
internal sealed record FollowUpLine(Guid Id, string Kind, string State, string Title, string Party, DateTimeOffset? DueAt, bool Late, string OpenedBy, DateTimeOffset ChangedAt, string ChangedBy, IReadOnlyList<string> Incidents, IReadOnlyList<FollowUpStep> Steps);

/// <summary>Lists follow-ups, the most urgent first; at most 500.</summary>
internal sealed class ListFollowUps(Database database, TimeProvider time) : Query<FollowUpsWanted, IReadOnlyList<FollowUpLine>>
{
    private const string Select =
        $"""
        select f.id, f.kind, f.state, f.title, f.party, f.due_at, f.opened_by, f.changed_at, f.changed_by, seen.numbers
        from ticketing.follow_ups f
        cross join lateral (
            select array_agg(m.number order by m.number) as numbers
            from ticketing.follow_up_incidents s
            join ticketing.incidents m on m.id = s.incident_id
            where s.follow_up_id = f.id and {Visible.RowsOfConstituents}) seen
        where seen.numbers is not null
          and (@Kind::text is null or f.kind = @Kind)
        """;

    private const string Open = $"{Select}\n  and f.state not in ('resolved', 'removed')\norder by f.due_at nulls last, f.id\nlimit 500";

    private const string OfIncident =
        $"{Select}\n  and f.id in (select s.follow_up_id from ticketing.follow_up_incidents s where s.incident_id in {Members.OfId})\norder by f.state in ('resolved', 'removed'), f.due_at nulls last, f.id\nlimit 500";

    private const string Find = $"select m.id from ticketing.incidents m where m.number = upper(@Number) and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<FollowUpLine>>> HandleAsync(Viewer viewer, FollowUpsWanted request, CancellationToken cancel)
    {
        // A constituent's people see what was done for them in the timeline; whom the team asks stays with the team.
        if (viewer.Constituent is not null)
            return Array.Empty<FollowUpLine>();
        Guid? incident = null;
        if (request.Number is { } number)
        {
            incident = await database.FindAsync<Guid?>(Find, Visible.With(viewer, new { Number = number.Trim() }), cancel);
            if (incident is null)
                return Refuse.NotFound("ticketing.refused.no-incident");
        }
        var rows = await database.QueryAsync<FollowUpRow>(incident is null ? Open : OfIncident, Visible.With(viewer, new { Id = incident ?? Guid.Empty, request.Kind }), cancel);
        var now = time.GetUtcNow();
        return rows.Select(r => new FollowUpLine(
            r.Id, r.Kind, r.State, r.Title, r.Party, r.DueAt, r.DueAt < now && !FollowUpStates.Ends.Contains(r.State), r.OpenedBy, r.ChangedAt, r.ChangedBy, r.Numbers, [.. FollowUpStates.From(r.Kind, r.State)])).ToArray();
    }

    private sealed class FollowUpRow
    {
        public Guid Id { get; set; }

        public string Kind { get; set; } = "";

        public string State { get; set; } = "";

        public string Title { get; set; } = "";

        public string Party { get; set; } = "";

        public DateTimeOffset? DueAt { get; set; }

        public string OpenedBy { get; set; } = "";

        public DateTimeOffset ChangedAt { get; set; }

        public string ChangedBy { get; set; } = "";

        public string[] Numbers { get; set; } = [];
    }
}
