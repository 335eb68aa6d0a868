using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Mailings;

/// <summary>A mailing as stored. It has no marking of its own: whoever sees its incident sees it.</summary>
internal sealed class MailingRow
{
    private const string Columns =
        """
        g.id, g.incident_id, g.kind, g.state, g.reminds, g.texts::text as texts, g.with_file, g.override_reason, g.lines, g.blank_lines, g.header_line, g.version, g.made_at, g.made_by, g.made_name,
        g.sent_at, g.sent_name, g.run_id
        """;

    private const string Find = $"select {Columns} from ticketing.mailings g join ticketing.incidents m on m.id = g.incident_id where g.id = @Id and {Visible.RowsOfConstituents}";

    public Guid Id { get; set; }

    public Guid IncidentId { get; set; }

    public string Kind { get; set; } = "";

    public string State { get; set; } = "";

    public Guid? Reminds { get; set; }

    public string Texts { get; set; } = "{}";

    public bool WithFile { get; set; }

    public string? OverrideReason { get; set; }

    public int Lines { get; set; }

    public int BlankLines { get; set; }

    public int? HeaderLine { get; set; }

    public int Version { get; set; }

    public DateTimeOffset MadeAt { get; set; }

    public Guid MadeBy { get; set; }

    public string MadeName { get; set; } = "";

    public DateTimeOffset? SentAt { get; set; }

    public string? SentName { get; set; }

    public Guid? RunId { get; set; }

    /// <summary>The words that somebody wrote instead of the shipped ones, by language.</summary>
    public Dictionary<string, LetterWords> Words() => JsonSerializer.Deserialize<Dictionary<string, LetterWords>>(Texts, OutboxJson.Options) ?? [];

    public static Task<MailingRow?> FindAsync(Database database, Viewer viewer, Guid id, CancellationToken cancel) => database.FindAsync<MailingRow>(Find, Visible.With(viewer, new { Id = id }), cancel);

    /// <summary>The mailing, locked for the act.</summary>
    public static Task<MailingRow?> LockAsync(Work work, Guid id, CancellationToken cancel) => work.FindAsync<MailingRow>(Find + " for update of g", Visible.With(work.Viewer, new { Id = id }), cancel);
}

/// <summary>What one contact gets, as stored.</summary>
internal sealed class LetterRow
{
    internal const string Columns =
        """
        l.id, l.mailing_id, l.constituent_id, l.organisation, l.address, l.name, l.language, l.purpose, l.source, l.made_at, l.blocked, l.left_out, l.state, l.refusal, l.reply_to, l.mail_id, l.message_id, l.queued_at, l.answered_at,
        (select count(*) from ticketing.mailing_items i where i.letter_id = l.id)::int as items
        """;

    public Guid Id { get; set; }

    public Guid MailingId { get; set; }

    public Guid? ConstituentId { get; set; }

    public string Organisation { get; set; } = "";

    public string Address { get; set; } = "";

    public string Name { get; set; } = "";

    public string Language { get; set; } = "en";

    public string Purpose { get; set; } = "";

    public string Source { get; set; } = "";

    public DateTimeOffset MadeAt { get; set; }

    public string? Blocked { get; set; }

    public bool LeftOut { get; set; }

    public string State { get; set; } = "";

    public string Refusal { get; set; } = "";

    public string? ReplyTo { get; set; }

    public Guid? MailId { get; set; }

    public string? MessageId { get; set; }

    public DateTimeOffset? QueuedAt { get; set; }

    public DateTimeOffset? AnsweredAt { get; set; }

    public int Items { get; set; }
}
