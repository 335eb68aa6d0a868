using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Intake;

/// <summary>A peer has taken what we shared of an incident: its timeline says so.</summary>
internal sealed class NoteAcknowledgement : IEventHandler<ShareAcknowledged>
{
    private const string Exists =
        """
        -- every row: the appliance itself adds to it, no person sees the result
        select exists (select 1 from ticketing.incidents m where m.id = @Incident)
        """;

    public async Task HandleAsync(ShareAcknowledged fact, Work work, CancellationToken cancel)
    {
        if (!fact.Subject.StartsWith("incident/", StringComparison.Ordinal) || !Guid.TryParse(fact.Subject["incident/".Length..], out var incident))
            return;
        if (!await work.FindAsync<bool>(Exists, new { Incident = incident }, cancel))
            return;
        await new TimelineEntry(new(incident), "acknowledged") { Detail = new { peer = fact.PeerName, at = fact.AcknowledgedAt }, Event = fact.EventId }.AddAsync(work, cancel);
        await TimelineEntry.TouchAsync(work, new(incident), null, cancel);
    }
}
