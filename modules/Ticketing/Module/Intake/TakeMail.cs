using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Outbox;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Microsoft.Extensions.Logging;

namespace Appliance.Ticketing.Intake;

/// <summary>A received message joins the incident it answers, when its sender takes part there; else it becomes a report for a person to look at.</summary>
/// <remarks>
/// Bounces, complaints, receipts and automatic answers never open a report; those that answer our mail are shown in its timeline. A stranger who quotes a thread
/// does not get into it: the report suggests the incident, a person decides.
/// </remarks>
internal sealed class TakeMail(MailStore store, NewReport reports, IncidentClocks clocks, ILogger<TakeMail> log) : IEventHandler<MailReceived>
{
    private const string Thread =
        """
        -- every row: the appliance itself threads mail, no person sees the result
        select x.message_id, coalesce(x.incident_id, r.incident_id) as incident_id, x.report_id
        from ticketing.messages x
        left join ticketing.reports r on r.id = x.report_id
        where x.message_id = any(@Ids)
        """;

    private const string Known = "select exists (select 1 from ticketing.messages where message_id = @MessageId)";

    private const string Numbered =
        """
        -- every row: the appliance itself threads mail, no person sees the result
        select m.id
        from ticketing.incidents m
        where m.number = @Number
        """;

    private const string IsParty =
        $"""
        -- every row: the appliance itself threads mail, no person sees the result
        select exists (select 1 from ticketing.parties p where p.incident_id in {Members.OfGroup} and p.address = lower(@Address))
        """;

    private const string Incident =
        """
        -- every row: the appliance itself adds to it, no person sees the result
        select m.id, m.number, m.state
        from ticketing.incidents m
        where m.id = @Incident
        for update
        """;

    private const string Remember =
        "insert into ticketing.messages (message_id, incident_id, seen_at) values (@MessageId, @Incident, @Now) on conflict (message_id) do nothing";

    private const string Answered = "update ticketing.letters set answered_at = @Now where message_id = any(@Ids) and answered_at is null";

    public async Task HandleAsync(MailReceived fact, Work work, CancellationToken cancel)
    {
        var mail = await store.FindReceivedAsync(work.Viewer, fact.Mail, cancel);
        if (mail is null || await work.FindAsync<bool>(Known, new { fact.MessageId }, cancel))
            return;
        var about = mail.Kind is "bounce" or "receipt" && mail.Content?.OriginalMessageId is { } original ? [original, .. fact.References] : fact.References;
        var incident = await ThreadAsync(work, about, cancel) ?? await NumberedAsync(work, fact.Subject, cancel);
        if (fact.Kind != "mail")
        {
            if (incident is not null)
                await JoinAsync(work, fact, mail, incident.Value, cancel);
            else
                Log.MailPassedOver(log, fact.Mail.Value, fact.Kind);
            return;
        }
        if (incident is { } found && await work.FindAsync<bool>(IsParty, new { Incident = found, Address = fact.From }, cancel))
        {
            await JoinAsync(work, fact, mail, found, cancel);
            return;
        }
        var id = await reports.FromMailAsync(work, fact, mail, incident, cancel);
        Log.ReportTaken(log, fact.Mail.Value, id);
    }

    /// <summary>The incident of the nearest message that we know.</summary>
    private static async Task<Guid?> ThreadAsync(Work work, IReadOnlyList<string> references, CancellationToken cancel)
    {
        if (references.Count == 0)
            return null;
        var known = (await work.QueryAsync<ThreadRow>(Thread, new { Ids = references.ToArray() }, cancel)).ToDictionary(r => r.MessageId);
        return references.Select(r => known.GetValueOrDefault(r)?.IncidentId).FirstOrDefault(i => i is not null);
    }

    /// <summary>The incident whose number stands in the subject. It counts like a thread: only for those who take part, else as a suggestion.</summary>
    private static async Task<Guid?> NumberedAsync(Work work, string subject, CancellationToken cancel) =>
        TicketNumber.In(subject) is { } number && await work.FindAsync<Guid>(Numbered, new { Number = number }, cancel) is var id && id != Guid.Empty ? id : null;

    private async Task JoinAsync(Work work, MailReceived fact, ReceivedMail mail, Guid incident, CancellationToken cancel)
    {
        var row = (await work.FindAsync<JoinRow>(Incident, new { Incident = incident }, cancel))!;
        var added = await new TimelineEntry(new(row.Id), "mail-in")
        {
            Text = Cut(mail.Content?.Text ?? ""),
            Detail = new
            {
                from = mail.Sender,
                name = mail.SenderName,
                subject = mail.Subject,
                kind = fact.Kind,
                unreadable = fact.Unreadable,
                attachments = mail.Content?.Attachments.Select(a => new { a.Name, a.Size, a.Sha256, a.ContentType }),
                observables = mail.Content?.Observables.Count ?? 0,
            },
            Mail = fact.Mail,
            Event = fact.EventId,
            Internal = false,
        }.AddAsync(work, cancel);
        if (!added)
            return;
        await work.ExecuteAsync(Remember, new { fact.MessageId, Incident = row.Id, work.Now }, cancel);
        if (fact is { Kind: "mail", References.Count: > 0 })
            await work.ExecuteAsync(Answered, new { Ids = fact.References.ToArray(), work.Now }, cancel);
        await News.TellAsync(work, new(row.Id), clocks, cancel);
        Log.MailJoined(log, fact.Mail.Value, row.Number);
    }

    internal static string Cut(string text) => text.Length > 100_000 ? text[..100_000] : text;

    private sealed class ThreadRow
    {
        public string MessageId { get; set; } = "";

        public Guid? IncidentId { get; set; }

        public Guid? ReportId { get; set; }
    }

    private sealed class JoinRow
    {
        public Guid Id { get; set; }

        public string Number { get; set; } = "";

        public string State { get; set; } = "";
    }
}
