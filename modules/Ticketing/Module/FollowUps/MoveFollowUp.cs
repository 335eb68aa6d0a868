using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.FollowUps;

/// <summary>A step of a follow-up.</summary>
/// <param name="FollowUp">The follow-up.</param>
/// <param name="From">The state the person saw.</param>
/// <param name="To">The next state.</param>
/// <param name="Reason">Why, where the step asks for it.</param>
internal sealed record FollowUpMove(Guid FollowUp, string From, string To, string? Reason = null);

/// <summary>Moves an investigation or countermeasure along <see cref="FollowUpStates"/>; every incident that it serves and that the person may see tells it.</summary>
internal sealed class MoveFollowUp(Database database) : Act<FollowUpMove, Done>(database)
{
    private const string Find =
        $"""
        select f.kind, f.state, f.title, f.changed_by
        from ticketing.follow_ups f
        where f.id = @FollowUp and exists (
            select 1 from ticketing.follow_up_incidents s join ticketing.incidents m on m.id = s.incident_id where s.follow_up_id = f.id and {Visible.RowsOfConstituents})
        for update
        """;

    private const string Served =
        $"""
        select m.id
        from ticketing.follow_up_incidents s
        join ticketing.incidents m on m.id = s.incident_id
        where s.follow_up_id = @FollowUp and {Visible.RowsOfConstituents}
        order by m.id
        """;

    private const string Update = "update ticketing.follow_ups set state = @To, changed_at = @Now, changed_by = @By where id = @FollowUp";

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, FollowUpMove request, CancellationToken cancel)
    {
        var reason = (request.Reason ?? "").Trim();
        var parameters = Visible.With(work.Viewer, new { request.FollowUp });
        var found = await work.FindAsync<FollowUpRow>(Find, parameters, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-follow-up");
        if (found.State != request.From)
            return Refuse.Conflict("ticketing.refused.state-moved", found.Title, found.ChangedBy);
        if (FollowUpStates.From(found.Kind, found.State).FirstOrDefault(s => s.To == request.To) is not { } step)
            return Refuse.Conflict("ticketing.refused.no-step", found.State, request.To ?? "");
        if (step.NeedsReason && reason.Length == 0)
            return Refuse.Invalid("ticketing.refused.reason", nameof(request.Reason));
        if (reason.Length > 2000)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Reason), 2000);
        await work.ExecuteAsync(Update, new { request.FollowUp, request.To, work.Now, By = work.Viewer.Name }, cancel);
        foreach (var incident in await work.QueryAsync<Guid>(Served, parameters, cancel))
        {
            await new TimelineEntry(new(incident), "follow-up") { Text = reason.Length > 0 ? reason : found.Title, Detail = new { followUp = request.FollowUp, kind = found.Kind, from = found.State, to = request.To } }.AddAsync(work, cancel);
            work.Audit("ticketing.follow-up.moved", $"incident/{incident}", new { followUp = request.FollowUp, from = found.State, to = request.To });
        }
        return default(Done);
    }

    private sealed class FollowUpRow
    {
        public string Kind { get; set; } = "";

        public string State { get; set; } = "";

        public string Title { get; set; } = "";

        public string ChangedBy { get; set; } = "";
    }
}
