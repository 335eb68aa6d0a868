using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Incidents;

/// <summary>Two incidents that belong together.</summary>
/// <param name="Incident">From.</param>
/// <param name="Number">To, as people say it.</param>
/// <param name="Kind">related or duplicate-of.</param>
internal sealed record LinkRequest(IncidentId Incident, string Number, string Kind = "related");

/// <summary>Links an incident to another; both timelines say so.</summary>
internal sealed class LinkIncident(Database database) : Act<LinkRequest, Done>(database)
{
    private const string Other = $"select m.id from ticketing.incidents m where m.number = upper(@Number) and {Visible.RowsOfConstituents}";

    private const string Insert =
        """
        insert into ticketing.links (from_id, to_id, kind, at, by_name)
        values (@From, @To, @Kind, @Now, @By)
        on conflict (from_id, to_id) do update set kind = excluded.kind
        """;

    public override Permission Permission => Permissions.Edit;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, LinkRequest request, CancellationToken cancel)
    {
        var found = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (found is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        if (request.Kind is not ("related" or "duplicate-of"))
            return Refuse.Invalid("ticketing.refused.link", nameof(request.Kind));
        var number = (request.Number ?? "").Trim();
        var other = await work.FindAsync<Guid?>(Other, Visible.With(work.Viewer, new { Number = number }), cancel);
        if (other is not { } to || to == found.Id)
            return Refuse.Invalid("ticketing.refused.link-number", nameof(request.Number), number);
        await work.ExecuteAsync(Insert, new { From = found.Id, To = to, request.Kind, work.Now, By = work.Viewer.Name }, cancel);
        await new TimelineEntry(found.IncidentId, "link") { Detail = new { number = number.ToUpperInvariant(), kind = request.Kind } }.AddAsync(work, cancel);
        await new TimelineEntry(new(to), "link") { Detail = new { number = found.Number, kind = request.Kind } }.AddAsync(work, cancel);
        work.Audit("ticketing.incident.linked", found.Subject, new { found.Number, to = number, kind = request.Kind });
        return default(Done);
    }
}
