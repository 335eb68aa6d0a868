using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Notices;

/// <summary>A message to people outside.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="Recipients">Everyone it goes to.</param>
/// <param name="Subject">Without label and number.</param>
/// <param name="Text">Without the label's lines.</param>
/// <param name="Language">Language of the text.</param>
/// <param name="Audience">constituent or reporter.</param>
/// <param name="Override">Why it goes to someone whom the marking does not name, or null.</param>
internal sealed record NoticeRequest(IncidentId Incident, IReadOnlyList<MailRecipient> Recipients, string Subject, string Text, string Language = "en", string Audience = "constituent", string? Override = null)
{
    /// <summary>Files that go with it, ready to leave: <see cref="CollectFiles"/>.</summary>
    public IReadOnlyList<NoticeFile> Files { get; init; } = [];

    /// <summary>encrypted: refused unless it can be; clear: not, and somebody decided so; null: where it can be, and an answer to encrypted mail always.</summary>
    public string? Seal { get; init; }
}

/// <summary>A message that was queued.</summary>
internal sealed record NoticeSent(MailId Mail, string MessageId, IReadOnlyList<MailDelivery> Recipients)
{
    /// <summary>Whether it leaves signed and encrypted.</summary>
    public MailSealed Seal { get; init; } = new(null, null);
}

/// <summary>Writes to the organisation or the reporter: label in subject and first line, thread kept, recipients held to the marking, delivery shown in the timeline.</summary>
internal sealed class NotifyConstituent(Database database, OutgoingMail mail, IConstituency constituency, NoticeText text, TicketingOptions options, IncidentClocks clocks, HeldFiles held, MailStore store) : Act<NoticeRequest, NoticeSent>(database)
{
    private const string Thread = $"select x.message_id from ticketing.messages x where x.incident_id in {Members.OfId} order by x.seen_at limit 50";

    private const string AddParty =
        """
        insert into ticketing.parties (incident_id, address, name, role)
        values (@Incident, @Address, @Name, @Role)
        on conflict (incident_id, address) do nothing
        """;

    private const string AddMessage =
        "insert into ticketing.messages (message_id, incident_id, seen_at) values (@MessageId, @Incident, @Now) on conflict (message_id) do nothing";

    private const string AddDelivery =
        """
        insert into ticketing.deliveries (mail_id, recipient, state, at)
        values (@Mail, @Recipient, @State, @Now)
        on conflict (mail_id, recipient) do nothing
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<NoticeSent>> HandleAsync(Work work, NoticeRequest request, CancellationToken cancel)
    {
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        // A file with a stricter label makes the message as strict as itself.
        var (marking, gone) = await HeldFiles.LockAsync(work, incident, await Members.MarkingAsync(work, incident, cancel), request.Files, cancel);
        if (gone is not null)
            return gone;
        var faults = await FaultsAsync(work, request, incident, marking, cancel);
        var wish = await WishAsync(work, request, incident, marking, cancel);
        faults.AddRange(wish.Refusals);
        if (faults.Count > 0)
            return Outcome<NoticeSent>.Refused(faults);
        var thread = await work.QueryAsync<string>(Thread, Visible.With(work.Viewer, new { incident.Id }), cancel);
        // Ids made here from content were never in a message.
        thread = [.. thread.Where(t => !t.EndsWith("@content", StringComparison.Ordinal))];
        var queued = await mail.QueueAsync(
            work,
            new OutgoingMessage
            {
                About = incident.Subject,
                Recipients = request.Recipients,
                Subject = text.SubjectLine(marking, incident.Number, request.Subject.Trim(), request.Language),
                Text = text.FirstLines(marking, request.Language) + request.Text.Trim() + "\n",
                Language = request.Language,
                Marking = marking,
                InReplyTo = thread.LastOrDefault(),
                References = thread,
                Files = [.. request.Files.Select(f => new OutgoingFile(f.Name, f.Bytes))],
                Seal = wish.Value,
                Delay = TimeSpan.FromSeconds(options.RecallSeconds),
            },
            cancel);
        if (!queued.TryGet(out var sent))
            return Outcome<NoticeSent>.Refused(queued.Refusals);
        await RecordAsync(work, request, incident, marking, sent, cancel);
        return new NoticeSent(sent.Mail, sent.MessageId, sent.Recipients) { Seal = sent.Seal };
    }

    private async Task<List<Refusal>> FaultsAsync(Work work, NoticeRequest request, IncidentRow incident, Marking marking, CancellationToken cancel)
    {
        var faults = new List<Refusal>();
        if (string.IsNullOrWhiteSpace(request.Text) || request.Text.Length > 100_000)
            faults.Add(Refuse.Invalid("ticketing.refused.mail-text", nameof(request.Text), 100_000));
        if (string.IsNullOrWhiteSpace(request.Subject))
            faults.Add(Refuse.Invalid("ticketing.refused.mail-subject", nameof(request.Subject)));
        if (!Languages.All.Contains(request.Language))
            faults.Add(Refuse.Invalid("ticketing.refused.language", nameof(request.Language), request.Language));
        if (request.Audience is not ("constituent" or "reporter"))
            faults.Add(Refuse.Invalid("ticketing.refused.audience", nameof(request.Audience)));
        var contacts = PrepareNotice.Addresses(await PrepareNotice.CardsAsync(constituency, work.Viewer, incident, cancel));
        var parties = (await work.QueryAsync<PrepareNotice.PartyRow>(PrepareNotice.Parties, Visible.With(work.Viewer, new { incident.Id }), cancel)).Select(p => p.Address).ToHashSet();
        var outside = request.Recipients.Select(r => MailRules.Check(marking, r.Address, contacts, parties)).OfType<Refusal>().ToList();
        if (outside.Count > 0 && Overridden(work.Viewer, request, marking))
            work.Audit("ticketing.incident.marking-overridden", incident.Subject, new { incident.Number, label = marking.Label, recipients = request.Recipients.Select(r => r.Address), reason = request.Override!.Trim() });
        else
            faults.AddRange(outside);
        return faults;
    }

    private async Task<Outcome<SealWish>> WishAsync(Work work, NoticeRequest request, IncidentRow incident, Marking marking, CancellationToken cancel)
    {
        var last = await work.QueryAsync<Guid>(NoticeSeal.LastIn, Visible.With(work.Viewer, new { incident.Id }), cancel);
        var answers = await NoticeSeal.AnyEncryptedAsync(store, work.Viewer, last, cancel);
        var required = mail.MustEncrypt(marking);
        var wish = NoticeSeal.Wish(request.Seal, answers, required, Overridden(work.Viewer, request, marking));
        if (wish.Succeeded && wish.Value == SealWish.Clear && (answers || required))
            work.Audit("ticketing.incident.sent-in-clear", incident.Subject, new { incident.Number, label = marking.Label, answers, required, reason = request.Override?.Trim() });
        return wish;
    }

    /// <summary>Somebody who may do so says why; RED is spoken, never mailed.</summary>
    private static bool Overridden(Viewer viewer, NoticeRequest request, Marking marking) =>
        marking.Tlp != Tlp.Red && request.Override?.Trim() is { Length: >= 5 and <= 500 } && viewer.May(Permissions.Override);

    private async Task RecordAsync(Work work, NoticeRequest request, IncidentRow incident, Marking marking, QueuedMail sent, CancellationToken cancel)
    {
        var role = request.Audience == "reporter" ? "reporter" : "constituent";
        var names = request.Recipients.ToLookup(r => r.Address.Trim(), r => r.Name, StringComparer.OrdinalIgnoreCase);
        await work.ExecuteAsync(AddParty, sent.Recipients.Select(r => new { Incident = incident.Id, Address = r.Address.ToLowerInvariant(), Name = names[r.Address].FirstOrDefault() ?? "", Role = role }), cancel);
        await work.ExecuteAsync(AddMessage, new { sent.MessageId, Incident = incident.Id, work.Now }, cancel);
        await work.ExecuteAsync(AddDelivery, sent.Recipients.Select(r => new { Mail = sent.Mail.Value, Recipient = r.Address, r.State, work.Now }), cancel);
        await new TimelineEntry(incident.IncidentId, "mail-out")
        {
            Text = request.Text.Trim(),
            Detail = new { subject = request.Subject.Trim(), to = sent.Recipients.Select(r => r.Address), audience = request.Audience, label = marking.Label, overridden = request.Override?.Trim() is { Length: > 0 } why ? why : null, files = await HeldFiles.ToldAsync(work, incident, request.Files, cancel), signed = sent.Seal.Signed, encrypted = sent.Seal.Encrypted },
            Mail = sent.Mail,
            Internal = false,
        }.AddAsync(work, cancel);
        await held.SentAsync(work, request.Files, string.Join(", ", sent.Recipients.Select(r => r.Address)) is { Length: > 300 } many ? many[..300] : string.Join(", ", sent.Recipients.Select(r => r.Address)), cancel);
        await TimelineEntry.TouchAsync(work, incident.IncidentId, incident.State == IncidentStates.InProgress && incident.SnoozedUntil is null ? clocks.Due(incident.State, incident.Severity, work.Now) : null, cancel);
        work.Audit("ticketing.incident.mailed", incident.Subject, new { incident.Number, mail = sent.Mail.ToString(), recipients = sent.Recipients.Count, label = marking.Label, signed = sent.Seal.Signed, encrypted = sent.Seal.Encrypted, files = request.Files.Select(f => new { size = f.Bytes.Length, f.Sha256 }) });
    }
}
