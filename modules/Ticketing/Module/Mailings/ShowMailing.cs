using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Mailings;

/// <summary>How a mailing stands.</summary>
/// <param name="State">draft, or sent from when its first letter was let go.</param>
/// <param name="Counts">Lines, things, letters.</param>
/// <param name="Words">What is written to each language in use: as somebody wrote it, else as shipped.</param>
/// <param name="Run">The host's work that sends it; its person sees its progress.</param>
internal sealed record MailingSheet(
    Guid Id, IncidentId Incident, string Number, string Title, Marking Marking, string Kind, string State, MailingCounts Counts, IReadOnlyDictionary<string, LetterWords> Words, bool WithFile, string? Override,
    int Version, DateTimeOffset MadeAt, string MadeBy, DateTimeOffset? SentAt, string? SentBy, Guid? Run, Guid? Reminds)
{
    /// <summary>True while an answer of a registry is waited for.</summary>
    public bool Waits => Counts.Waiting > 0;

    /// <summary>True while letters that were let go wait to be queued.</summary>
    public bool Leaves => State == "sent" && Counts.Ready > 0;
}

/// <summary>Figures of a mailing.</summary>
/// <param name="Lines">Of the list.</param>
/// <param name="Blank">Of them without a sign.</param>
/// <param name="Header">The line that names the columns.</param>
/// <param name="Things">What the lines name, duplicates and unreadable lines included.</param>
/// <param name="Placed">Of them in a letter that leaves or has left.</param>
/// <param name="Exceptions">Of them in none.</param>
/// <param name="Waiting">Of the exceptions those that wait for a registry.</param>
/// <param name="Letters">All of them.</param>
/// <param name="Ready">Letters that leave when the mailing is sent.</param>
/// <param name="Blocked">Letters that the marking holds back.</param>
/// <param name="Queued">Letters that were queued.</param>
/// <param name="Failed">Of them not delivered.</param>
/// <param name="Answered">Of them answered.</param>
internal sealed record MailingCounts(int Lines, int Blank, int? Header, int Things, int Placed, int Exceptions, int Waiting, int Letters, int Ready, int Blocked, int Queued, int Failed, int Answered);

/// <summary>One mailing, by its id.</summary>
internal sealed class ShowMailing(Database database, LetterText text) : Query<Guid, MailingSheet>
{
    private const string Incident = $"select {IncidentRow.Columns} from ticketing.incidents m where m.id = @Id and {Visible.RowsOfConstituents}";

    private const string Things =
        """
        select count(*)::int as things,
            count(*) filter (where l.id is not null and l.blocked is null and not l.left_out and l.state in ('ready', 'queued'))::int as placed,
            count(*) filter (where i.reason = 'waiting')::int as waiting
        from ticketing.mailing_items i left join ticketing.letters l on l.id = i.letter_id
        where i.mailing_id = @Id
        """;

    private const string Letters =
        """
        select count(*)::int as letters,
            count(*) filter (where l.state = 'ready' and l.blocked is null and not l.left_out)::int as ready,
            count(*) filter (where l.state = 'ready' and l.blocked is not null)::int as blocked,
            count(*) filter (where l.state = 'queued')::int as queued,
            count(*) filter (where d.state = 'failed')::int as failed,
            count(*) filter (where l.answered_at is not null)::int as answered,
            array_agg(distinct l.language) as languages
        from ticketing.letters l left join ticketing.deliveries d on d.mail_id = l.mail_id and lower(d.recipient) = lower(l.address)
        where l.mailing_id = @Id and exists (select 1 from ticketing.mailing_items i where i.letter_id = l.id)
        """;

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<MailingSheet>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        if (await MailingRow.FindAsync(database, viewer, request, cancel) is not { } row
            || await database.FindAsync<IncidentRow>(Incident, Visible.With(viewer, new { Id = row.IncidentId }), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var things = (await database.FindAsync<CountRow>(Things, new { row.Id }, cancel))!;
        var letters = (await database.FindAsync<CountRow>(Letters, new { row.Id }, cancel))!;
        var words = row.Words();
        return new MailingSheet(
            row.Id, incident.IncidentId, incident.Number, incident.Title, await Members.MarkingAsync(database, incident, cancel), row.Kind, row.State,
            new(row.Lines, row.BlankLines, row.HeaderLine, things.Things, things.Placed, things.Things - things.Placed, things.Waiting, letters.Letters, letters.Ready, letters.Blocked, letters.Queued, letters.Failed, letters.Answered),
            (letters.Languages ?? []).Union(words.Keys).ToDictionary(static l => l, l => words.GetValueOrDefault(l) ?? text.Shipped(row.Kind, l)),
            row.WithFile, row.OverrideReason, row.Version, row.MadeAt, row.MadeName, row.SentAt, row.SentName, row.RunId, row.Reminds);
    }

    private sealed class CountRow
    {
        public int Things { get; set; }

        public int Placed { get; set; }

        public int Waiting { get; set; }

        public int Letters { get; set; }

        public int Ready { get; set; }

        public int Blocked { get; set; }

        public int Queued { get; set; }

        public int Failed { get; set; }

        public int Answered { get; set; }

        public string[]? Languages { get; set; }
    }
}
