using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail.Parse;
using Appliance.Kernel.Permissions;

namespace Appliance.Kernel.Mail;

/// <summary>Messages by their id, for the modules that they concern. Thread-safe.</summary>
public sealed class MailStore(Database database)
{
    private const string Received =
        $"""
        select m.id, m.received_at, m.size, m.state, m.kind, m.reason, m.message_id, m.sender, m.sender_name, m.subject, m.parsed::text as parsed, m.tlp, m.pap, m.exercise, m.named
        from kernel.mail_in m
        where m.id = @Id and {Visible.Rows}
        """;

    private const string Sent =
        $"""
        select m.id, m.message_id, m.about, m.subject, m.sender, m.created_at, m.tlp, m.pap, m.exercise, m.named
        from kernel.mail_out m
        where m.id = @Id and {Visible.Rows}
        """;

    private const string Deliveries =
        "select address, name, state, tries, due_at, settled_at, reason from kernel.mail_recipients where mail_id = any(@Ids) order by address";

    private const string Raw =
        $"""
        select w.bytes
        from kernel.mail_raw w
        where w.sha256 = (
            select m.sha256 from kernel.mail_in m where m.id = @Id and {Visible.Rows}
            union all
            select m.sha256 from kernel.mail_out m where m.id = @Id and {Visible.Rows}
            limit 1)
        """;

    private const string Files =
        $"""
        select m.id, m.received_at, m.sender, m.parsed -> 'attachments' as attachments
        from kernel.mail_in m
        where m.id = any(@Ids) and jsonb_array_length(coalesce(m.parsed -> 'attachments', '[]')) > 0 and {Visible.Rows}
        order by m.received_at, m.id
        """;

    private const string Encrypted =
        $"""
        select m.id
        from kernel.mail_in m
        where m.id = any(@Ids) and m.parsed @? '$.seals[*] ? (@.encrypted == true)' and {Visible.Rows}
        """;

    private const string Seals =
        $"""
        select m.id, m.parsed -> 'seals' as seals
        from kernel.mail_in m
        where m.id = any(@Ids) and jsonb_array_length(coalesce(m.parsed -> 'seals', '[]')) > 0 and {Visible.Rows}
        """;

    internal const string DeleteOldSent =
        """
        -- every row: retention looks at age alone
        delete from kernel.mail_out o
        where o.id in (
            select c.id from kernel.mail_out c
            where c.created_at < @before and not exists (select 1 from kernel.mail_recipients r where r.mail_id = c.id and r.state in ('queued', 'held', 'unknown'))
            limit 2000)
        """;

    internal const string DeleteOldReceived =
        """
        -- every row: retention looks at age alone
        delete from kernel.mail_in i
        where i.id in (select c.id from kernel.mail_in c where c.received_at < @before limit 2000)
        """;

    internal const string DeleteUnnamed =
        """
        -- every row: retention looks at age alone
        delete from kernel.mail_raw w
        where w.sha256 in (
            select c.sha256 from kernel.mail_raw c
            where c.stored_at < @before
              and not exists (select 1 from kernel.mail_in i where i.sha256 = c.sha256)
              and not exists (select 1 from kernel.mail_out o where o.sha256 = c.sha256)
            limit 500)
        """;

    /// <summary>A received message with what the parser saw, or null when there is none that <paramref name="viewer"/> may see.</summary>
    public async Task<ReceivedMail?> FindReceivedAsync(Viewer viewer, MailId id, CancellationToken cancel) =>
        await database.FindAsync<ReceivedRow>(Received, Visible.With(viewer, new { Id = id.Value }), cancel) is { } row ? row.Read() : null;

    /// <summary>An outgoing message with the state of each recipient, or null when there is none that <paramref name="viewer"/> may see.</summary>
    public async Task<SentMail?> FindSentAsync(Viewer viewer, MailId id, CancellationToken cancel)
    {
        var row = await database.FindAsync<SentRow>(Sent, Visible.With(viewer, new { Id = id.Value }), cancel);
        if (row is null)
            return null;
        var deliveries = await database.QueryAsync<MailDeliveryRow>(Deliveries, new { Ids = new[] { id.Value } }, cancel);
        return new(id, row.MessageId, row.About, row.Subject, row.Sender, row.CreatedAt, row.Marking(), deliveries);
    }

    /// <summary>What came attached to those of the messages that <paramref name="viewer"/> may see, the oldest first.</summary>
    public async Task<IReadOnlyList<MailWithFiles>> FilesAsync(Viewer viewer, IReadOnlyList<MailId> mails, CancellationToken cancel) =>
        [.. (await database.QueryAsync<FilesRow>(Files, Visible.With(viewer, new { Ids = mails.Select(m => m.Value).ToArray() }), cancel))
            .Select(r => new MailWithFiles(new(r.Id), r.ReceivedAt, r.Sender ?? "", JsonSerializer.Deserialize<List<ParsedAttachment>>(r.Attachments, ParseVerb.Json)!))];

    /// <summary>Those of the received messages that came encrypted.</summary>
    public async Task<IReadOnlySet<MailId>> EncryptedAsync(Viewer viewer, IReadOnlyList<MailId> mails, CancellationToken cancel) =>
        (await database.QueryAsync<Guid>(Encrypted, Visible.With(viewer, new { Ids = mails.Select(m => m.Value).ToArray() }), cancel)).Select(id => new MailId(id)).ToHashSet();

    /// <summary>What was signed or encrypted of received messages; those with nothing of it are left out.</summary>
    public async Task<IReadOnlyDictionary<MailId, IReadOnlyList<MailSeal>>> SealsAsync(Viewer viewer, IReadOnlyList<MailId> mails, CancellationToken cancel) =>
        mails.Count == 0 ? new Dictionary<MailId, IReadOnlyList<MailSeal>>()
        : (await database.QueryAsync<SealsRow>(Seals, Visible.With(viewer, new { Ids = mails.Select(m => m.Value).ToArray() }), cancel))
            .ToDictionary(r => new MailId(r.Id), r => (IReadOnlyList<MailSeal>)JsonSerializer.Deserialize<List<MailSeal>>(r.Seals, ParseVerb.Json)!);

    /// <summary>The bytes of a message, received or sent, as they came or as they were approved.</summary>
    public Task<byte[]?> RawAsync(Viewer viewer, MailId id, CancellationToken cancel) =>
        database.FindAsync<byte[]>(Raw, Visible.With(viewer, new { Id = id.Value }), cancel);

    internal class MarkedRow
    {
        public Guid Id { get; set; }

        public short Tlp { get; set; }

        public short Pap { get; set; }

        public bool Exercise { get; set; }

        public Guid[] Named { get; set; } = [];

        public Marking Marking() => new((Tlp)Tlp, (Pap)Pap, Exercise, [.. Named.Select(n => new UserId(n))]);
    }

    internal sealed class ReceivedRow : MarkedRow
    {
        public DateTimeOffset ReceivedAt { get; set; }

        public long Size { get; set; }

        public string State { get; set; } = "";

        public string Kind { get; set; } = "";

        public string? Reason { get; set; }

        public string? MessageId { get; set; }

        public string? Sender { get; set; }

        public string? SenderName { get; set; }

        public string? Subject { get; set; }

        public string? Parsed { get; set; }

        public ReceivedMail Read() => new(
            new(Id), ReceivedAt, Size, State, Kind, Reason, MessageId, Sender ?? "", SenderName ?? "", Subject ?? "", Marking(),
            Parsed is null ? null : JsonSerializer.Deserialize<ParsedMail>(Parsed, ParseVerb.Json));
    }

    private sealed class FilesRow
    {
        public Guid Id { get; set; }

        public DateTimeOffset ReceivedAt { get; set; }

        public string? Sender { get; set; }

        public string Attachments { get; set; } = "[]";
    }

    private sealed class SealsRow
    {
        public Guid Id { get; set; }

        public string Seals { get; set; } = "[]";
    }

    private sealed class SentRow : MarkedRow
    {
        public string MessageId { get; set; } = "";

        public string About { get; set; } = "";

        public string Subject { get; set; } = "";

        public string Sender { get; set; } = "";

        public DateTimeOffset CreatedAt { get; set; }
    }
}

/// <summary>A received message and what is attached to it.</summary>
/// <param name="Mail">The message.</param>
/// <param name="ReceivedAt">When it was taken in.</param>
/// <param name="Sender">Address as claimed.</param>
/// <param name="Files">At least one.</param>
public sealed record MailWithFiles(MailId Mail, DateTimeOffset ReceivedAt, string Sender, IReadOnlyList<ParsedAttachment> Files);

/// <summary>A message from the maildir.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="ReceivedAt">When it was taken in.</param>
/// <param name="Size">Bytes.</param>
/// <param name="State">stored, parsed, quarantined.</param>
/// <param name="Kind">mail, bounce, complaint, receipt, auto-reply.</param>
/// <param name="Reason">Why it is quarantined.</param>
/// <param name="MessageId">Without angle brackets; made from the content where the message has none.</param>
/// <param name="Sender">Address as claimed.</param>
/// <param name="SenderName">Name as claimed.</param>
/// <param name="Subject">Decoded.</param>
/// <param name="Marking">Who may read it.</param>
/// <param name="Content">What the parser saw; null until then, and when it gave up.</param>
public sealed record ReceivedMail(
    MailId Id, DateTimeOffset ReceivedAt, long Size, string State, string Kind, string? Reason, string? MessageId, string Sender, string SenderName, string Subject, Marking Marking, ParsedMail? Content);

/// <summary>A message of the outgoing queue.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="MessageId">Without angle brackets.</param>
/// <param name="About">What it belongs to.</param>
/// <param name="Subject">Subject line.</param>
/// <param name="Sender">From.</param>
/// <param name="CreatedAt">When it was queued.</param>
/// <param name="Marking">Who may read it here.</param>
/// <param name="Recipients">The state of each.</param>
public sealed record SentMail(
    MailId Id, string MessageId, string About, string Subject, string Sender, DateTimeOffset CreatedAt, Marking Marking, IReadOnlyList<MailDeliveryRow> Recipients);

/// <summary>Delivery to one recipient.</summary>
public sealed class MailDeliveryRow
{
    /// <summary>The message.</summary>
    public Guid MailId { get; set; }

    /// <summary>Address.</summary>
    public string Address { get; set; } = "";

    /// <summary>Name, or empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>queued, held, sent, failed, unknown.</summary>
    public string State { get; set; } = "";

    /// <summary>Times it was handed over.</summary>
    public int Tries { get; set; }

    /// <summary>When it is tried next.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When it was sent or failed.</summary>
    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>The mail server's words.</summary>
    public string? Reason { get; set; }
}
