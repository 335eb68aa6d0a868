using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Classification;

namespace Appliance.Ticketing.Reports;

/// <summary>A report with what is known beside it.</summary>
internal sealed record ReportSheet(
    Guid Id, DateTimeOffset ReceivedAt, string Source, string State, string Sender, string SenderName, string Subject, string Text, bool Unreadable, string? UnreadableReason, MailId? Mail,
    IReadOnlyList<AttachmentLine> Attachments, IReadOnlyList<string> Limits, IReadOnlyList<ConstituentId> Constituents, IReadOnlyList<string> ConstituentNames, IReadOnlyList<ReportTrace> Traces,
    string? Incident, string? Suggested, string? Reason, string? DecidedBy, DateTimeOffset? DecidedAt, Marking Marking)
{
    /// <summary>What a report in a form for machines says, or null.</summary>
    public AbuseReport? Abuse { get; init; }

    /// <summary>Open incidents that it may belong to, the likeliest first.</summary>
    public IReadOnlyList<Suggestion> Suggestions { get; init; } = [];

    /// <summary>The next new report in the queue, for whoever has decided this one.</summary>
    public Guid? Next { get; init; }

    /// <summary>What its words and fields say that it is.</summary>
    public RsitGuess Guess { get; init; } = RsitGuess.None;

    /// <summary>What was signed or encrypted, and whether it could be opened.</summary>
    public IReadOnlyList<MailSeal> Seals { get; init; } = [];
}

/// <summary>A trace of a report, and the open incident that has it too.</summary>
internal sealed record ReportTrace(string Type, string Value, string? Incident);

/// <summary>An attachment: name, size and hash; its bytes stay in the stored message.</summary>
internal sealed record AttachmentLine(string Name, string ContentType, long Size, string Sha256);

/// <summary>One report.</summary>
internal sealed class ShowReport(Database database, MailStore store) : Query<Guid, ReportSheet>
{
    private const string Find =
        $"""
        select m.id, m.received_at, m.source, m.state, m.sender, m.sender_name, m.subject, m.text, m.unreadable, m.mail_id, m.reason, m.decided_by, m.decided_at, m.constituents, m.constituent_names,
            m.tlp, m.pap, m.exercise, m.named, i.number as incident, s.number as suggested
        from ticketing.reports m
        left join ticketing.incidents i on i.id = m.incident_id
        left join ticketing.incidents s on s.id = m.suggested_id
        where m.id = @Id and {Visible.RowsOfConstituents}
        """;

    private const string Traces =
        $"""
        select r.type, r.value,
          (select m.number from ticketing.observables o join ticketing.incidents m on m.id = o.incident_id
           where o.type = r.type and o.value = r.value and m.closed_at is null and {Visible.RowsOfConstituents}
           order by m.opened_at desc limit 1) as incident
        from ticketing.report_observables r
        where r.report_id = @Id
        order by r.type, r.value
        limit 500
        """;

    // The queue goes from the newest to the oldest and begins again at its end.
    private const string Next =
        $"""
        select m.id
        from ticketing.reports m
        where m.state = 'new' and m.id <> @Id and {Visible.RowsOfConstituents}
        order by (m.received_at, m.id) < (@ReceivedAt, @Id) desc, m.received_at desc, m.id desc
        limit 1
        """;

    public override Permission Permission => Permissions.Triage;

    protected override async Task<Outcome<ReportSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        var row = await database.FindAsync<ReportRow>(Find, Visible.With(viewer, new { Id = request }), cancel);
        if (row is null)
            return Refuse.NotFound("ticketing.refused.no-report");
        var traces = await database.QueryAsync<TraceRow>(Traces, Visible.With(viewer, new { Id = request }), cancel);
        var mail = row.MailId is { } id ? await store.FindReceivedAsync(viewer, new(id), cancel) : null;
        return new ReportSheet(
            row.Id, row.ReceivedAt, row.Source, row.State, row.Sender, row.SenderName, row.Subject, row.Text, row.Unreadable, mail?.Reason, mail?.Id,
            [.. (mail?.Content?.Attachments ?? []).Select(a => new AttachmentLine(a.Name, a.ContentType, a.Size, a.Sha256))],
            mail?.Content?.Limits ?? [],
            [.. row.Constituents.Select(c => new ConstituentId(c))],
            row.ConstituentNames,
            [.. traces.Select(t => new ReportTrace(t.Type, t.Value, t.Incident))],
            row.Incident, row.Suggested, row.Reason, row.DecidedBy, row.DecidedAt, row.Marking())
        {
            Suggestions = [.. (await SuggestIncidents.ForAsync(database, viewer, [row.Id], cancel))[row.Id]],
            Next = await database.FindAsync<Guid?>(Next, Visible.With(viewer, new { row.Id, row.ReceivedAt }), cancel),
            Guess = RsitGuess.Of(row.Subject, row.Text, mail?.Content?.Abuse),
            Abuse = mail?.Content?.Abuse,
            Seals = mail?.Content?.Seals ?? [],
        };
    }

    private sealed class TraceRow
    {
        public string Type { get; set; } = "";

        public string Value { get; set; } = "";

        public string? Incident { get; set; }
    }
}
