using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Notify;

/// <summary>Follows how far each message of an advisory came.</summary>
internal sealed class DeliveryOnMailState : IEventHandler<MailStateChanged>
{
    private const string Update = "update watch.deliveries set state = @State, changed_at = @At where mail_id = @Mail and address = @Recipient and changed_at <= @At";

    public Task HandleAsync(MailStateChanged fact, Work work, CancellationToken cancel) =>
        fact.Subject.StartsWith("advisory/", StringComparison.Ordinal)
            ? work.ExecuteAsync(Update, new { fact.State, At = fact.OccurredAt, Mail = fact.Mail.Value, fact.Recipient }, cancel)
            : Task.CompletedTask;
}

/// <summary>Notes that a peer took an advisory.</summary>
internal sealed class AcknowledgementOnShare : IEventHandler<ShareAcknowledged>
{
    private const string Insert =
        """
        insert into watch.acknowledgements (advisory_id, peer_id, peer, acknowledged_at, received_at)
        select a.id, @Peer, @PeerName, @At, @Now
        -- every row: an answer of a peer is noted whoever may read the advisory
        from watch.advisories a
        where a.id = @Advisory
        on conflict (advisory_id, peer_id) do nothing
        """;

    public Task HandleAsync(ShareAcknowledged fact, Work work, CancellationToken cancel)
    {
        const string Prefix = "advisory/";
        if (!fact.Subject.StartsWith(Prefix, StringComparison.Ordinal) || !Guid.TryParse(fact.Subject.AsSpan(Prefix.Length), out var advisory))
            return Task.CompletedTask;
        return work.ExecuteAsync(Insert, new { Advisory = advisory, Peer = fact.Peer.Value, PeerName = PlainText.Literal(fact.PeerName, 200), At = fact.AcknowledgedAt, work.Now }, cancel);
    }
}
