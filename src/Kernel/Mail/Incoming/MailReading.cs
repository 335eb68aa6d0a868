using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail.Parse;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Mail;

/// <summary>Parses stored messages and tells the modules. One at a time; the result, its event and the state change commit together.</summary>
internal sealed class MailReading(Database database, ParsePool pool, MailKeys keys, ILogger<MailReading> log)
{
    private const string Next =
        """
        -- every row: the reader takes the next message in line, whoever may see it later
        select i.id, w.bytes, encode(i.sha256, 'hex') as sha256
        from kernel.mail_in i
        join kernel.mail_raw w on w.sha256 = i.sha256
        where i.state = 'stored'
        order by i.received_at
        limit 1
        """;

    private const string Keep =
        """
        update kernel.mail_in
        set state = @State, reason = @Reason, kind = @Kind, message_id = @MessageId, sender = @Sender, sender_name = @SenderName, subject = @Subject,
            parsed = @Parsed::jsonb, tlp = @Tlp, tries = tries + 1
        where id = @Id and state = 'stored'
        """;

    private const string Bounce =
        """
        -- every row: a bounce settles the message it names
        update kernel.mail_recipients r
        set state = 'failed', settled_at = @Now, reason = @Reason
        from kernel.mail_out o
        where o.id = r.mail_id and o.message_id = @MessageId and lower(r.address) = lower(@Address) and r.state = 'sent'
        returning r.mail_id, r.address, o.about, o.tlp, o.pap, o.exercise, o.named
        """;

    /// <summary>Starts the parser processes.</summary>
    public Task WarmAsync(CancellationToken cancel) => pool.WarmAsync(cancel);

    /// <summary>Reads the oldest unread message; false when there is none.</summary>
    public async Task<bool> ReadOneAsync(CancellationToken cancel)
    {
        var row = await database.FindAsync<StoredRow>(Next, null, cancel);
        if (row is null)
            return false;
        var (mail, fault) = await pool.MailAsync(row.Bytes, cancel);
        if (mail is not null)
            mail = await OpenSealsAsync(row.Id, mail, cancel);
        // Built to be too much: kept whole and set aside. What was read of it is shown beside the reason.
        var excess = mail?.Limits.Where(l => l is "depth" or "parts" or "headers").ToList() ?? [];
        if (excess.Count > 0)
            fault = $"above the limit of {string.Join(", ", excess)}";
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        var marking = Marking.Default with { Tlp = Labelled(mail?.Subject) ?? Marking.Default.Tlp };
        var sender = mail?.From is [var first, ..] ? first : null;
        // Threads hang on this id: one made from the content stands in where the message has none.
        var messageId = mail?.MessageId ?? $"{row.Sha256}@content";
        var kept = await work.ExecuteAsync(
            Keep,
            new
            {
                row.Id,
                State = fault is not null ? "quarantined" : "parsed",
                Reason = fault,
                Kind = mail?.Kind ?? "mail",
                MessageId = messageId,
                Sender = Cut(sender?.Address, 320),
                SenderName = Cut(sender?.Name, 200),
                Subject = Cut(mail?.Subject, 1000),
                Parsed = mail is null ? null : JsonSerializer.Serialize(mail, ParseVerb.Json),
                Tlp = (short)marking.Tlp,
            },
            cancel);
        if (kept > 0)
        {
            if (mail?.Kind == "bounce" && mail.OriginalMessageId is { } original)
                await MarkBouncedAsync(work, original, mail.Bounced, cancel);
            work.Publish(new MailReceived
            {
                Mail = new(row.Id),
                MessageId = messageId,
                References = mail?.References ?? [],
                From = Cut(sender?.Address, 320) ?? "",
                Subject = Cut(mail?.Subject, 1000) ?? "",
                Kind = mail?.Kind ?? "mail",
                Unreadable = fault is not null,
                Marking = marking,
            });
        }
        await work.CommitAsync(cancel);
        if (fault is not null)
            KernelLog.MailQuarantined(log, row.Id, fault);
        return true;
    }

    /// <summary>A fault of the keys or their programs must not lose the message: it is kept with its seals closed.</summary>
    private async Task<ParsedMail> OpenSealsAsync(Guid id, ParsedMail mail, CancellationToken cancel)
    {
        try
        {
            var ring = await keys.RingAsync(cancel);
            return await SealReading.OpenAsync(mail, ring, async (entity, stop) => (await pool.MailAsync(entity, stop)).Mail, cancel);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            KernelLog.SealsNotOpened(log, id, fault.Message);
            return await SealReading.OpenAsync(mail, null, (_, _) => Task.FromResult<ParsedMail?>(null), cancel);
        }
    }

    private static async Task MarkBouncedAsync(Work work, string messageId, IReadOnlyList<BouncedRecipient> bounced, CancellationToken cancel)
    {
        foreach (var recipient in bounced.Where(b => b.Action is "failed" or ""))
        {
            var reason = $"{recipient.Status} {recipient.Diagnostic}".Trim();
            foreach (var row in await work.QueryAsync<BouncedRow>(Bounce, new { work.Now, Reason = Cut(reason, 500), MessageId = messageId, recipient.Address }, cancel))
                work.Publish(new MailStateChanged
                {
                    Mail = new(row.MailId),
                    Subject = row.About,
                    Recipient = row.Address,
                    State = "failed",
                    Marking = row.Marking(),
                });
        }
    }

    /// <summary>The label that the sender wrote into the subject. RED is kept as AMBER+STRICT until a person names the readers.</summary>
    internal static Tlp? Labelled(string? subject)
    {
        if (subject is null)
            return null;
        var at = subject.IndexOf("TLP:", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var end = at + 4;
        while (end < subject.Length && (char.IsAsciiLetter(subject[end]) || subject[end] == '+'))
            end++;
        return TlpLabel.TryParse(subject[at..end], out var tlp) ? (Tlp)Math.Min((int)tlp, (int)Tlp.AmberStrict) : null;
    }

    private static string? Cut(string? text, int length) => text is { Length: > 0 } && text.Length > length ? text[..length] : text;

    private sealed record StoredRow(Guid Id, byte[] Bytes, string Sha256);

    private sealed class BouncedRow : MailStore.MarkedRow
    {
        public Guid MailId { get; set; }

        public string Address { get; set; } = "";

        public string About { get; set; } = "";
    }
}
