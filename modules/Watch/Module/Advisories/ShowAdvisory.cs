using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Advisories;

/// <summary>An advisory with everything around it.</summary>
internal sealed record AdvisorySheet(
    AdvisoryRow Advisory,
    AdvisoryFields Fields,
    bool IsOwn,
    IReadOnlyList<RevisionLine> Revisions,
    IReadOnlyList<DeliveryLine> Deliveries,
    IReadOnlyList<AcknowledgementLine> Acknowledgements);

/// <summary>A publication.</summary>
internal sealed record RevisionLine(int Revision, string Title, string Author, string ApprovedBy, DateTimeOffset PublishedAt);

/// <summary>How far a message came.</summary>
internal sealed record DeliveryLine(int Revision, string Address, string Name, string List, string State, DateTimeOffset ChangedAt);

/// <summary>A peer that took it.</summary>
internal sealed record AcknowledgementLine(string Peer, DateTimeOffset AcknowledgedAt);

/// <summary>Shows one advisory by its number.</summary>
internal sealed class ShowAdvisory(Database database) : Query<string, AdvisorySheet>
{
    private const string SelectRevisions =
        $"""
        select m.revision, m.title, m.author, m.approved_by, m.published_at
        from watch.advisory_revisions m
        where m.advisory_id = @Id and {Visible.Rows}
        order by m.revision desc
        """;

    private const string SelectDeliveries =
        """
        select revision, address, name, list, state, changed_at
        from watch.deliveries
        where advisory_id = @Id
        order by revision desc, case state when 'failed' then 0 when 'unknown' then 1 else 2 end, address
        limit 2000
        """;

    private const string SelectAcknowledgements = "select peer, acknowledged_at from watch.acknowledgements where advisory_id = @Id order by acknowledged_at";

    public override Permission Permission => Permissions.ReadAdvisories;

    protected override async Task<Outcome<AdvisorySheet>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var row = await database.FindAsync<AdvisoryRow>(AdvisoryRow.FindByNumber, Visible.With(viewer, new { Number = request.ToUpperInvariant() }), cancel);
        if (row is null)
            return Refuse.NotFound("watch.refused.no-advisory");
        var revisions = await database.QueryAsync<RevisionLine>(SelectRevisions, Visible.With(viewer, new { row.Id }), cancel);
        var deliveries = await database.QueryAsync<DeliveryLine>(SelectDeliveries, new { row.Id }, cancel);
        var acknowledgements = await database.QueryAsync<AcknowledgementLine>(SelectAcknowledgements, new { row.Id }, cancel);
        return new AdvisorySheet(row, row.Fields(), row.IsWrittenBy(viewer.Id), revisions, deliveries, acknowledgements);
    }
}

/// <summary>Which text to print: a revision, or 0 for the newest published, or the draft where none is.</summary>
internal sealed record AdvisoryPrint(string Number, int Revision = 0);

/// <summary>The words as they were published, for print and plain text; the draft while there is no publication.</summary>
internal sealed class ReadAdvisory(Database database) : Query<AdvisoryPrint, AdvisoryRow>
{
    public override Permission Permission => Permissions.ReadAdvisories;

    protected override async Task<Outcome<AdvisoryRow>> HandleAsync(Viewer viewer, AdvisoryPrint request, CancellationToken cancel)
    {
        var key = Visible.With(viewer, new { Number = request.Number.ToUpperInvariant(), request.Revision });
        var row = await database.FindAsync<AdvisoryRow>(AdvisoryRow.FindRevision, key, cancel);
        if (row is null && request.Revision == 0)
            row = await database.FindAsync<AdvisoryRow>(AdvisoryRow.FindByNumber, key, cancel);
        return row is null ? Refuse.NotFound("watch.refused.no-advisory") : row;
    }
}
