using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Ticketing.Intake;

/// <summary>Keeps a copy of the delivery state of an incident's mail. A failure makes the incident due at once.</summary>
internal sealed class NoteDelivery : IEventHandler<MailStateChanged>
{
    private const string Keep =
        """
        insert into ticketing.deliveries (mail_id, recipient, state, at)
        select @Mail, @Recipient, @State, @At
        where exists (select 1 from ticketing.timeline where incident_id = @Incident and mail_id = @Mail)
        on conflict (mail_id, recipient) do update set state = excluded.state, at = excluded.at where deliveries.at <= excluded.at
        """;

    private const string Due =
        """
        -- every row: the appliance itself says that a message was not delivered, no person sees the result
        update ticketing.incidents m
        set due_at = @Now
        from ticketing.incidents i
        where i.id = @Incident and m.id = coalesce(i.root_id, i.id) and m.closed_at is null
        """;

    public async Task HandleAsync(MailStateChanged fact, Work work, CancellationToken cancel)
    {
        if (!fact.Subject.StartsWith("incident/", StringComparison.Ordinal) || !Guid.TryParse(fact.Subject["incident/".Length..], out var incident))
            return;
        var kept = await work.ExecuteAsync(Keep, new { Mail = fact.Mail.Value, fact.Recipient, fact.State, At = fact.OccurredAt, Incident = incident }, cancel);
        if (kept > 0 && fact.State == "failed")
            await work.ExecuteAsync(Due, new { Incident = incident, work.Now }, cancel);
    }
}
