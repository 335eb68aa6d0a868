using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Evidence;

/// <summary>Asks whether a file may come.</summary>
/// <param name="Incident">For which incident.</param>
/// <param name="Size">Bytes that are announced; 0 where nobody said.</param>
internal sealed record RoomWanted(IncidentId Incident, long Size);

/// <summary>Whether a file of that size may be kept for the incident: asked before its first byte is taken.</summary>
internal sealed class FindRoom(Database database, EvidenceVault vault, TicketingOptions options) : Query<RoomWanted, Done>
{
    private const long Envelope = 1 << 20;

    private const string Exists = $"select m.number from ticketing.incidents m where m.id = @Id and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Keep;

    protected override async Task<Outcome<Done>> HandleAsync(Viewer viewer, RoomWanted request, CancellationToken cancel) =>
        viewer.Constituent is not null || await database.FindAsync<string>(Exists, Visible.With(viewer, new { Id = request.Incident.Value }), cancel) is null ? Refuse.NotFound("ticketing.refused.no-incident")
        : request.Size > vault.Limit + Envelope ? Refuse.Invalid("ticketing.refused.evidence-large", "file", options.EvidenceLimitMib)
        : request.Size > vault.Room() ? Refuse.Unavailable("kernel.refused.no-room")
        : default(Done);
}
