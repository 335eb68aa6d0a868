using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Mailings;

/// <summary>A mailing to those who have not answered one: the same contacts and things, in the thread of the first letter. It is reviewed and sent like any other.</summary>
internal sealed class RemindMailing(Database database, StoreLetters letters) : Act<Guid, MailingRef>(database)
{
    private const string Insert =
        """
        insert into ticketing.mailings (id, incident_id, kind, state, reminds, with_file, lines, blank_lines, made_at, made_by, made_name)
        select @Id, g.incident_id, 'reminder', 'draft', g.id, g.with_file, 0, 0, @Now, @By, @Name from ticketing.mailings g where g.id = @Of
        """;

    private const string InsertLetters =
        """
        insert into ticketing.letters (id, mailing_id, constituent_id, organisation, address, name, language, purpose, source, made_at, reply_to)
        select gen_random_uuid(), @Id, l.constituent_id, l.organisation, l.address, l.name, l.language, l.purpose, l.source, @Now, l.message_id
        from ticketing.letters l
        where l.mailing_id = @Of and l.state = 'queued' and l.answered_at is null
          and not exists (select 1 from ticketing.deliveries d where d.mail_id = l.mail_id and d.state in ('failed', 'held'))
        """;

    private const string InsertItems =
        """
        insert into ticketing.mailing_items (mailing_id, seq, line, type, value, evidence, organisation, letter_id)
        select @Id, row_number() over (order by i.seq), i.line, i.type, i.value, i.evidence, i.organisation, n.id
        from ticketing.mailing_items i
        join ticketing.letters l on l.id = i.letter_id
        join ticketing.letters n on n.mailing_id = @Id and n.reply_to = l.message_id
        where i.mailing_id = @Of
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<MailingRef>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await MailingRow.LockAsync(work, request, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var id = Guid.CreateVersion7();
        var own = new { Id = id, Of = mailing.Id, work.Now, By = work.Viewer.Id.Value, work.Viewer.Name };
        await work.ExecuteAsync(Insert, own, cancel);
        if (await work.ExecuteAsync(InsertLetters, own, cancel) == 0)
            return Refuse.Conflict("ticketing.refused.mailing-answered");
        await work.ExecuteAsync(InsertItems, own, cancel);
        await letters.CheckAsync(work, incident, new MailingRow { Id = id, IncidentId = mailing.IncidentId }, cancel);
        work.Audit("ticketing.mailing.reminded", incident.Subject, new { incident.Number, mailing = id, of = mailing.Id });
        return new MailingRef(id, incident.Number);
    }
}
