using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Intake;

/// <summary>A report to be kept.</summary>
internal sealed record ReportFields
{
    public required string Source { get; init; }

    public string Sender { get; init; } = "";

    public string SenderName { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Text { get; init; } = "";

    public bool Unreadable { get; init; }

    public IReadOnlyList<Observable> Observables { get; init; } = [];

    public Marking Marking { get; init; } = Marking.Default;

    public MailId? Mail { get; init; }

    public string? MessageId { get; init; }

    /// <summary>The incident that its thread names.</summary>
    public Guid? Suggested { get; init; }
}

/// <summary>Keeps reports, whichever door they come through, and finds whose they are: by the addresses in them, then by the sender's domain.</summary>
internal sealed class NewReport(IConstituency constituency)
{
    private const int MostHashes = 100;

    private static readonly string[] s_everyday = ["image/", "message/", "text/plain", "text/calendar", "text/vcard", "text/x-vcard", "text/rfc822-headers", "application/pgp-", "application/pkcs7-", "application/x-pkcs7-"];

    private const string Insert =
        """
        insert into ticketing.reports (id, source, state, received_at, sender, sender_name, subject, text, unreadable, mail_id, suggested_id, constituents, constituent_names, tlp, pap, exercise, named)
        values (@Id, @Source, 'new', @Now, @Sender, @SenderName, @Subject, @Text, @Unreadable, @Mail, @Suggested, @Constituents, @Names, @Tlp, @Pap, @Exercise, @Named)
        """;

    private const string InsertTraces =
        """
        insert into ticketing.report_observables (report_id, type, value)
        select @Id, t.type, t.value from unnest(@Types, @Values) as t (type, value)
        on conflict do nothing
        """;

    private const string Remember =
        "insert into ticketing.messages (message_id, report_id, seen_at) values (@MessageId, @Id, @Now) on conflict (message_id) do nothing";

    public Task<Guid> FromMailAsync(Work work, MailReceived fact, ReceivedMail mail, Guid? suggested, CancellationToken cancel) =>
        TakeAsync(
            work,
            new ReportFields
            {
                Source = "mail",
                Sender = mail.Sender,
                SenderName = mail.SenderName,
                Subject = mail.Subject,
                Text = mail.Content?.Text ?? "",
                Unreadable = fact.Unreadable,
                Observables = mail.Content is { } content ? [.. Hashes(content), .. content.Observables] : [],
                Marking = fact.Marking,
                Mail = fact.Mail,
                MessageId = fact.MessageId,
                Suggested = suggested,
            },
            cancel);

    public async Task<Guid> TakeAsync(Work work, ReportFields report, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7();
        var traces = Traces.Tidy(report.Observables);
        var matches = Affected(report, traces);
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id,
                report.Source,
                work.Now,
                Sender = Line(report.Sender, 320),
                SenderName = Line(report.SenderName, 200),
                Subject = Line(report.Subject, 1000),
                Text = TakeMail.Cut(report.Text.Replace("\0", "", StringComparison.Ordinal)),
                report.Unreadable,
                Mail = report.Mail?.Value,
                report.Suggested,
                Constituents = matches.Select(m => m.Id.Value).ToArray(),
                Names = matches.Select(m => m.Name).ToArray(),
                Tlp = (short)report.Marking.Tlp,
                Pap = (short)report.Marking.Pap,
                report.Marking.Exercise,
                Named = (report.Marking.Named ?? []).Select(n => n.Value).ToArray(),
            },
            cancel);
        if (traces.Count > 0)
            await work.ExecuteAsync(InsertTraces, new { Id = id, Types = traces.Select(t => t.Type).ToArray(), Values = traces.Select(t => t.Value).ToArray() }, cancel);
        if (report.MessageId is { } messageId)
            await work.ExecuteAsync(Remember, new { MessageId = messageId, Id = id, work.Now }, cancel);
        return id;
    }

    /// <summary>A file that came with a mail is a trace by its hash. What every mail carries is none: pictures, plain text, messages, keys and signatures, and the tables of machines' reports.</summary>
    private static IEnumerable<Observable> Hashes(ParsedMail mail) =>
        mail.Abuse is not null
            ? []
            : mail.Attachments
                .Where(a => a.Size > 0 && a.ContentType.ToLowerInvariant() is var type && !s_everyday.Any(e => type.StartsWith(e, StringComparison.Ordinal)))
                .Select(a => new Observable("sha256", a.Sha256))
                .Take(MostHashes);

    /// <summary>Organisations whose networks or names stand in the report; else the sender's own.</summary>
    private List<ConstituentMatch> Affected(ReportFields report, List<Observable> traces)
    {
        var found = traces
            .Where(t => t.Type is "ipv4" or "ipv6" or "domain")
            .Select(t => t.Type == "domain" ? constituency.Find(t.Value) : System.Net.IPAddress.TryParse(t.Value, out var address) ? constituency.Find(address) : null)
            .OfType<ConstituentMatch>()
            .DistinctBy(m => m.Id)
            .Take(20)
            .ToList();
        var domain = report.Sender[(report.Sender.LastIndexOf('@') + 1)..];
        if (found.Count == 0 && domain.Length > 0 && constituency.Find(domain) is { } own)
            found.Add(own);
        return found;
    }

    private static string Line(string text, int length)
    {
        var line = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return line.Length > length ? line[..length] : line;
    }
}
