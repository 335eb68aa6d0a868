using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Handover;

/// <summary>A page of handovers.</summary>
internal sealed record HandoversWanted(string? After = null, int Limit = 20);

/// <summary>An incident that goes on, as it is now.</summary>
internal sealed record HandoverIncident(Guid Id, string Number, string Title, string State, string? Owner, DateTimeOffset? DueAt, Marking Marking);

/// <summary>One handover.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When it was written, UTC.</param>
/// <param name="By">Who wrote it.</param>
/// <param name="Own">True when the viewer did.</param>
/// <param name="Text">Markdown.</param>
/// <param name="AcceptedAt">When it was taken over; null while it waits.</param>
/// <param name="AcceptedBy">Who took it over.</param>
/// <param name="Answer">What they said.</param>
/// <param name="Incidents">Those that the viewer may see.</param>
internal sealed record HandoverSheet(Guid Id, DateTimeOffset At, string By, bool Own, string Text, DateTimeOffset? AcceptedAt, string? AcceptedBy, string Answer, IReadOnlyList<HandoverIncident> Incidents);

/// <summary>Lists handovers, the newest first.</summary>
internal sealed class ListHandovers(Database database) : Query<HandoversWanted, Page<HandoverSheet>>
{
    private const string Newest =
        $"""
        select m.id, m.at, m.by_id, m.by_name, m.text, m.accepted_at, m.accepted_name, m.answer
        from ticketing.handovers m
        where {Visible.Rows} and (@After::uuid is null or m.id < @After)
        order by m.id desc
        limit @Limit
        """;

    private const string Incidents =
        $"""
        select h.handover_id as handover, m.id, m.number, m.title, m.state, m.owner_name as owner, m.due_at, m.tlp, m.pap, m.exercise
        from ticketing.handover_incidents h
        join ticketing.incidents m on m.id = h.incident_id
        where h.handover_id = any(@Ids) and {Visible.RowsOfConstituents}
        order by m.number
        """;

    public override Permission Permission => Permissions.HandOver;

    protected override async Task<Outcome<Page<HandoverSheet>>> HandleAsync(Viewer viewer, HandoversWanted request, CancellationToken cancel)
    {
        var limit = Math.Clamp(request.Limit, 1, 100);
        // Ids carry the time, so their order is that of writing.
        var after = Guid.TryParse(request.After, out var key) ? key : (Guid?)null;
        var rows = await database.QueryAsync<Row>(Newest, Visible.With(viewer, new { After = after, Limit = limit + 1 }), cancel);
        var page = rows.Take(limit).ToList();
        var incidents = (await database.QueryAsync<IncidentLine>(Incidents, Visible.With(viewer, new { Ids = page.Select(r => r.Id).ToArray() }), cancel)).ToLookup(i => i.Handover, i => i.Of());
        return new Page<HandoverSheet>(
            [.. page.Select(r => new HandoverSheet(r.Id, r.At, r.ByName, r.ById == viewer.Id.Value, r.Text, r.AcceptedAt, r.AcceptedName, r.Answer, [.. incidents[r.Id]]))],
            rows.Count > limit ? page[^1].Id.ToString() : null);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public DateTimeOffset At { get; init; }

        public Guid ById { get; init; }

        public string ByName { get; init; } = "";

        public string Text { get; init; } = "";

        public DateTimeOffset? AcceptedAt { get; init; }

        public string? AcceptedName { get; init; }

        public string Answer { get; init; } = "";
    }
}
