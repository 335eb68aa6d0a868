using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Notices;

/// <summary>An answer to everyone who reported an incident.</summary>
/// <param name="Incident">The incident.</param>
/// <param name="Reports">Reports that belong to it, at most 500.</param>
/// <param name="Language">Language of the template.</param>
internal sealed record AnswerRequest(IncidentId Incident, IReadOnlyList<Guid> Reports, string Language = "en");

/// <summary>What was queued, and whom nothing could be sent to.</summary>
/// <param name="Sent">One message each.</param>
/// <param name="Left">Reports without an answer, each with its reason.</param>
internal sealed record AnswersSent(IReadOnlyList<MailId> Sent, IReadOnlyList<AnswerLeft> Left);

/// <summary>A report that was not answered.</summary>
internal sealed record AnswerLeft(Guid Report, string Sender, Refusal Reason);

/// <summary>Thanks the reporters: each gets a message of their own in the thread of their own report, and sees nobody else.</summary>
internal sealed class AnswerReporters(Database database, OutgoingMail mail, NoticeText text, TicketingOptions options, MailStore store) : Act<AnswerRequest, AnswersSent>(database)
{
    private const string Find =
        $"""
        select m.id, m.sender, m.sender_name, m.subject, m.mail_id,
            (select x.message_id from ticketing.messages x where x.report_id = m.id order by x.seen_at limit 1) as message_id
        from ticketing.reports m
        where m.id = any(@Reports) and m.incident_id in {Members.OfId} and {Visible.RowsOfConstituents}
        order by m.received_at
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

    protected override async Task<Outcome<AnswersSent>> HandleAsync(Work work, AnswerRequest request, CancellationToken cancel)
    {
        if (!Languages.All.Contains(request.Language))
            return Refuse.Invalid("ticketing.refused.language", nameof(request.Language), request.Language);
        if ((request.Reports ?? []).Count is 0 or > 500)
            return Refuse.Invalid("ticketing.refused.many-reports", nameof(request.Reports), 500);
        var incident = await IncidentRow.LockAsync(work, request.Incident, cancel);
        if (incident is null)
            return Refuse.NotFound("ticketing.refused.no-incident");
        var marking = await Members.MarkingAsync(work, incident, cancel);
        var reports = await work.QueryAsync<ReporterRow>(Find, Visible.With(work.Viewer, new { incident.Id, Reports = request.Reports!.ToArray() }), cancel);
        var (sent, left) = (new List<MailId>(), new List<AnswerLeft>());
        var sealedOnes = await store.EncryptedAsync(work.Viewer, [.. reports.Select(r => r.MailId).OfType<Guid>().Select(m => new MailId(m))], cancel);
        foreach (var report in reports)
        {
            // Who reported takes part: the marking lets us answer, except RED, which is never mailed.
            var blocked = report.Sender.Contains('@', StringComparison.Ordinal)
                ? MailRules.Check(marking, report.Sender, new HashSet<string>(), reports.Select(r => r.Sender.ToLowerInvariant()).ToHashSet())
                : Refuse.Conflict("ticketing.refused.no-address");
            var outcome = blocked is null ? await QueueAsync(work, request, incident, marking, report, report.MailId is { } mailed && sealedOnes.Contains(new(mailed)), cancel) : blocked;
            if (outcome.TryGet(out var queued))
                sent.Add(queued);
            else
                left.Add(new(report.Id, report.Sender, outcome.Refusals[0]));
        }
        if (sent.Count == 0)
            return Outcome<AnswersSent>.Refused(left.Count > 0 ? [.. left.Select(l => l.Reason)] : [Refuse.NotFound("ticketing.refused.no-report")]);
        work.Audit("ticketing.incident.reporters-answered", incident.Subject, new { incident.Number, messages = sent.Count, label = marking.Label });
        return new AnswersSent(sent, left);
    }

    private async Task<Outcome<MailId>> QueueAsync(Work work, AnswerRequest request, IncidentRow incident, Marking marking, ReporterRow report, bool encrypted, CancellationToken cancel)
    {
        var (_, body) = text.ForReporter(incident, report.SenderName, request.Language);
        var subject = $"Re: {SubjectLines.Base(report.Subject)}";
        var queued = await mail.QueueAsync(
            work,
            new OutgoingMessage
            {
                About = incident.Subject,
                Recipients = [new(report.Sender, report.SenderName)],
                Subject = text.SubjectLine(marking, incident.Number, subject, request.Language),
                Text = text.FirstLines(marking, request.Language) + body + "\n",
                Language = request.Language,
                Marking = marking,
                InReplyTo = report.MessageId,
                References = report.MessageId is { } id ? [id] : [],
                // Whoever wrote encrypted is not answered in clear by an act on many.
                Seal = encrypted ? SealWish.Required : SealWish.Policy,
                Delay = TimeSpan.FromSeconds(options.RecallSeconds),
            },
            cancel);
        if (!queued.TryGet(out var sent))
            return Outcome<MailId>.Refused(queued.Refusals);
        await work.ExecuteAsync(AddMessage, new { sent.MessageId, Incident = incident.Id, work.Now }, cancel);
        await work.ExecuteAsync(AddDelivery, sent.Recipients.Select(r => new { Mail = sent.Mail.Value, Recipient = r.Address, r.State, work.Now }), cancel);
        await new TimelineEntry(incident.IncidentId, "mail-out")
        {
            Text = body,
            Detail = new { subject, to = sent.Recipients.Select(r => r.Address), audience = "reporter", label = marking.Label, signed = sent.Seal.Signed, encrypted = sent.Seal.Encrypted },
            Mail = sent.Mail,
            Internal = true,
        }.AddAsync(work, cancel);
        return sent.Mail;
    }

    private sealed class ReporterRow
    {
        public Guid Id { get; set; }

        public string Sender { get; set; } = "";

        public string SenderName { get; set; } = "";

        public string Subject { get; set; } = "";

        public string? MessageId { get; set; }

        public Guid? MailId { get; set; }
    }
}
