using Appliance.Contracts;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Mailings;

/// <summary>The letters of a mailing, as an act on many keeps it.</summary>
internal sealed record LettersChoice(Guid Mailing);

/// <summary>Queues the letters of a mailing, each in the transaction that notes it: whenever the host dies, each contact gets one. Taking it back holds what has not left.</summary>
internal sealed class SendLetters(Database database, OutgoingMail mail, StoreLetters letters, WriteLetter write, TicketingOptions options, IncidentClocks clocks) : BulkAct<LettersChoice, LettersChoice>
{
    private const string Next =
        $"""
        select l.id from ticketing.letters l
        join ticketing.mailings g on g.id = l.mailing_id
        join ticketing.incidents m on m.id = g.incident_id
        where l.mailing_id = @Mailing and g.state = 'sent' and l.state = 'ready' and l.blocked is null and not l.left_out and l.made_at <= @UpTo and l.id > @After and {Visible.RowsOfConstituents}
          and exists (select 1 from ticketing.mailing_items i where i.letter_id = l.id)
        order by l.id
        limit @Limit
        """;

    private const string Lock = $"select {LetterRow.Columns} from ticketing.letters l where l.id = any(@Ids) and l.mailing_id = @Mailing order by l.id for update of l";

    internal const string Items = "select i.type, i.value, i.evidence from ticketing.mailing_items i where i.letter_id = @Letter order by i.seq";

    private const string Names =
        $"""
        select l.id, l.organisation, l.address, m.number, g.id as mailing_id from ticketing.letters l
        join ticketing.mailings g on g.id = l.mailing_id
        join ticketing.incidents m on m.id = g.incident_id
        where l.id = any(@Ids) and {Visible.RowsOfConstituents}
        """;

    private const string Queued = "update ticketing.letters set state = 'queued', mail_id = @Mail, message_id = @MessageId, queued_at = @Now, refusal = '' where id = @Id";

    private const string Refused = "update ticketing.letters set state = 'refused', refusal = @Key where id = @Id";

    private const string Recalled = "update ticketing.letters set state = 'recalled' where id = @Id";

    private const string AddParty =
        """
        insert into ticketing.parties (incident_id, address, name, role)
        values (@Incident, lower(@Address), @Name, 'constituent')
        on conflict (incident_id, address) do nothing
        """;

    private const string AddMessage = "insert into ticketing.messages (message_id, incident_id, seen_at) values (@MessageId, @Incident, @Now) on conflict (message_id) do nothing";

    private const string AddDelivery =
        """
        insert into ticketing.deliveries (mail_id, recipient, state, at)
        values (@Mail, @Recipient, @State, @Now)
        on conflict (mail_id, recipient) do nothing
        """;

    public override Permission Permission => Permissions.Mail;

    public override int PartSize => 50;

    public override async Task<BulkPart> UndoAsync(Work work, BulkUndo part, CancellationToken cancel)
    {
        var left = new List<BulkRefused>();
        // The token names the mailing.
        var found = (await work.QueryAsync<LetterRow>(Lock, new { Ids = part.Items.ToArray(), Mailing = part.Token }, cancel)).ToDictionary(static l => l.Id);
        foreach (var item in part.Items)
        {
            if (!found.TryGetValue(item, out var letter) || letter is not { State: "queued", MailId: { } sent })
                left.Add(new(item, Refuse.NotFound("ticketing.refused.no-mailing")));
            else if (await mail.HoldAsync(work, new(sent), cancel) is { Succeeded: false } kept)
                left.Add(new(item, kept.Refusals[0]));
            else
                await work.ExecuteAsync(Recalled, new { letter.Id }, cancel);
        }
        work.Audit("ticketing.mailing.recalled", $"mailing/{part.Token}", new { letters = part.Items.Count - left.Count, left = left.Count });
        return new(part.Token, left);
    }

    public override async Task<IReadOnlyList<BulkName>> NamesAsync(Viewer viewer, IReadOnlyList<Guid> items, CancellationToken cancel) =>
        [.. (await database.QueryAsync<NameRow>(Names, Visible.With(viewer, new { Ids = items.ToArray() }), cancel)).Select(static r => new BulkName(r.Id, $"{r.Organisation} <{r.Address}>", $"/tickets/{r.Number}/mailings/{r.MailingId}"))];

    protected override async Task<Outcome<IReadOnlyList<Guid>>> ChooseAsync(Viewer viewer, LettersChoice query, BulkBound bound, CancellationToken cancel) =>
        (await database.QueryAsync<Guid>(Next, Visible.With(viewer, new { query.Mailing, bound.UpTo, bound.After, bound.Limit }), cancel)).ToArray();

    protected override async Task<BulkPart> DoAsync(Work work, LettersChoice argument, IReadOnlyList<Guid> items, CancellationToken cancel)
    {
        // The mailing before its incident, in every act: two of them never wait for each other.
        if (await MailingRow.LockAsync(work, argument.Mailing, cancel) is not { } mailing || await IncidentRow.LockAsync(work, new(mailing.IncidentId), cancel) is not { } incident)
            return new(argument.Mailing, [.. items.Select(static i => new BulkRefused(i, Refuse.NotFound("ticketing.refused.no-mailing")))]);
        var rules = await letters.RulesAsync(work, incident, mailing.Id, cancel);
        var overridden = work.Viewer.May(Permissions.Override) ? mailing.OverrideReason : null;
        var found = (await work.QueryAsync<LetterRow>(Lock, new { Ids = items.ToArray(), argument.Mailing }, cancel)).ToDictionary(static l => l.Id);
        var left = new List<BulkRefused>();
        foreach (var item in items)
        {
            if (!found.TryGetValue(item, out var letter) || letter.State != "ready" || letter.LeftOut || letter.Items == 0)
            {
                left.Add(new(item, Refuse.Conflict("ticketing.refused.letter-gone")));
                continue;
            }
            var outcome = await QueueAsync(work, mailing, incident, letter, rules, overridden, cancel);
            if (outcome.Succeeded)
                continue;
            await work.ExecuteAsync(Refused, new { letter.Id, outcome.Refusals[0].Key }, cancel);
            left.Add(new(item, outcome.Refusals[0]));
        }
        if (left.Count < items.Count)
            await TimelineEntry.TouchAsync(work, incident.IncidentId, incident.State == IncidentStates.InProgress && incident.SnoozedUntil is null ? clocks.Due(incident.State, incident.Severity, work.Now) : null, cancel);
        return new(argument.Mailing, left);
    }

    private async Task<Outcome<MailId>> QueueAsync(Work work, MailingRow mailing, IncidentRow incident, LetterRow letter, LetterRules rules, string? overridden, CancellationToken cancel)
    {
        if (rules.Check(letter.Address, overridden) is { } refusal)
            return refusal;
        if (overridden is not null && rules.Check(letter.Address, null) is not null)
            work.Audit("ticketing.incident.marking-overridden", incident.Subject, new { incident.Number, label = rules.Marking.Label, recipients = new[] { letter.Address }, reason = overridden });
        var things = await work.QueryAsync<LetterItem>(Items, new { Letter = letter.Id }, cancel);
        var written = write.Write(mailing, letter, incident.Number, rules.Marking, things);
        var queued = await mail.QueueAsync(
            work,
            new OutgoingMessage
            {
                About = incident.Subject,
                Recipients = [new(letter.Address, letter.Name)],
                Subject = written.SubjectLine,
                Text = written.FirstLines + written.Text + "\n",
                Language = letter.Language,
                Marking = rules.Marking,
                InReplyTo = letter.ReplyTo,
                References = letter.ReplyTo is { } first ? [first] : [],
                Files = written.File is { } file ? [new OutgoingFile(file.Name, file.Bytes)] : [],
                Delay = TimeSpan.FromSeconds(options.RecallSeconds),
            },
            cancel);
        if (!queued.TryGet(out var sent))
            return Outcome<MailId>.Refused(queued.Refusals);
        await work.ExecuteAsync(Queued, new { letter.Id, Mail = sent.Mail.Value, sent.MessageId, work.Now }, cancel);
        await work.ExecuteAsync(AddParty, new { Incident = incident.Id, letter.Address, letter.Name }, cancel);
        await work.ExecuteAsync(AddMessage, new { sent.MessageId, Incident = incident.Id, work.Now }, cancel);
        await work.ExecuteAsync(AddDelivery, sent.Recipients.Select(r => new { Mail = sent.Mail.Value, Recipient = r.Address, r.State, work.Now }), cancel);
        // Internal: an organisation concerned by the incident must not read what another was told of its own machines.
        await new TimelineEntry(incident.IncidentId, "mail-out")
        {
            Text = written.Text,
            Detail = new { subject = written.Subject, to = new[] { letter.Address }, audience = "mailing", label = rules.Marking.Label, overridden, mailing = mailing.Id, signed = sent.Seal.Signed, encrypted = sent.Seal.Encrypted, files = written.File is { } f ? new[] { new { name = f.Name, size = (long)f.Bytes.Length, sha256 = f.Sha256 } } : [] },
            Mail = sent.Mail,
            Internal = true,
        }.AddAsync(work, cancel);
        work.Audit("ticketing.incident.mailed", incident.Subject, new { incident.Number, mail = sent.Mail.ToString(), recipients = 1, label = rules.Marking.Label, mailing = mailing.Id, things = things.Count });
        return sent.Mail;
    }

    private sealed class NameRow
    {
        public Guid Id { get; set; }

        public string Organisation { get; set; } = "";

        public string Address { get; set; } = "";

        public string Number { get; set; } = "";

        public Guid MailingId { get; set; }
    }
}
