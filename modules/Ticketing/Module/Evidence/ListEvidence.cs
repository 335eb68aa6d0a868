using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file kept for an incident, or for one that is part of it.</summary>
/// <param name="Of">Number of the part that it belongs to; null for the incident itself.</param>
/// <param name="Elsewhere">In how many other incidents the viewer can see the same file.</param>
internal sealed record EvidenceLine(
    Guid Id, int Number, string Name, string Kind, long Size, string Md5, string Sha1, string Sha256, string Origin, Marking Marking, DateTimeOffset AddedAt, string AddedBy, DateTimeOffset? DamagedAt, DateTimeOffset? DestroyedAt,
    string? Of, long Elsewhere);

/// <summary>Asks for the evidence of an incident.</summary>
internal sealed record EvidenceWanted(IncidentId Incident);

/// <summary>The files of an incident and of its parts, each as far as its own marking lets the viewer see it.</summary>
internal sealed class ListEvidence(Database database) : Query<EvidenceWanted, IReadOnlyList<EvidenceLine>>
{
    private const string All =
        $"""
        select {EvidenceRow.Columns}, i.number as incident_number,
            (select count(distinct m.incident_id) from ticketing.evidence m
             where m.sha256 = e.sha256 and m.incident_id not in {Members.OfId} and {EvidenceRow.Seen}) as elsewhere
        from ticketing.evidence m
        join ticketing.evidence e on e.id = m.id
        join ticketing.incidents i on i.id = m.incident_id
        where m.incident_id in {Members.OfId} and {EvidenceRow.Seen}
        order by m.added_at, m.id
        limit 500
        """;

    private const string Exists = $"select m.number from ticketing.incidents m where m.id = @Id and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<IReadOnlyList<EvidenceLine>>> HandleAsync(Viewer viewer, EvidenceWanted request, CancellationToken cancel)
    {
        var asked = Visible.With(viewer, new { Id = request.Incident.Value });
        if (await database.FindAsync<string>(Exists, asked, cancel) is not { } number)
            return Refuse.NotFound("ticketing.refused.no-incident");
        return (await database.QueryAsync<Row>(All, asked, cancel)).Select(r => new EvidenceLine(
            r.Id, r.Number, r.Name, r.Kind, r.Size, r.Md5, r.Sha1, r.Sha256, r.Origin, r.Marking(), r.AddedAt, r.AddedBy, r.DamagedAt, r.DestroyedAt, r.IncidentNumber == number ? null : r.IncidentNumber, r.Elsewhere)).ToList();
    }

    private sealed class Row : EvidenceRow
    {
        public long Elsewhere { get; set; }
    }
}
