using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>The one queue for mail that leaves. Thread-safe.</summary>
public sealed class OutgoingMail
{
    private readonly IOptionsMonitor<MailOptions> _options;
    private readonly ISettings _site;
    private readonly MailSealer _sealer;

    internal OutgoingMail(IOptionsMonitor<MailOptions> options, ISettings site, MailSealer sealer) => (_options, _site, _sealer) = (options, site, sealer);

    private const int MostRecipients = 500;

    private const string InsertRaw =
        "insert into kernel.mail_raw (sha256, bytes, stored_at) values (@Sha256, @Bytes, @Now) on conflict (sha256) do nothing";

    private const string InsertMessage =
        """
        insert into kernel.mail_out (id, message_id, about, subject, sender, language, automatic, sha256, created_at, created_by, tlp, pap, exercise, named, signed, encrypted)
        values (@Id, @MessageId, @About, @Subject, @From, @Language, @Automatic, @Sha256, @Now, @By, @Tlp, @Pap, @Exercise, @Named, @Signed, @Encrypted)
        """;

    private const string InsertRecipient =
        """
        insert into kernel.mail_recipients (mail_id, address, name, state, due_at)
        values (@Id, @Address, @Name, @State, @Due)
        """;

    private const string Message =
        $"select m.about, m.tlp, m.pap, m.exercise, m.named from kernel.mail_out m where m.id = @Id and {Visible.Rows} for update";

    private const string Change =
        """
        update kernel.mail_recipients
        set state = @To, due_at = @Now, settled_at = null, reason = @Reason
        where mail_id = @Id and state = any(@From) and handing_since is null
        returning address
        """;

    /// <summary>True when a program that sends is set; else messages are held until someone releases them.</summary>
    public bool Sends => _options.CurrentValue.Sendmail.Length > 0;

    /// <summary>
    /// Writes the message and queues it within the transaction of <paramref name="work"/>: nothing leaves unless that commits, and then the bytes stored
    /// here leave. Refuses header injection, malformed addresses, a message for nobody and one that must be encrypted and cannot be; all faults at once. Writes no audit row: the act that sends does.
    /// </summary>
    public async Task<Outcome<QueuedMail>> QueueAsync(Work work, OutgoingMessage message, CancellationToken cancel)
    {
        var faults = Check(message, out var recipients);
        if (faults.Count > 0)
            return Outcome<QueuedMail>.Refused(faults);
        var settings = _options.CurrentValue;
        var id = MailId.New();
        var (from, name) = await SenderAsync(_site, settings, cancel);
        var messageId = $"{id.Value:N}@{from[(from.LastIndexOf('@') + 1)..]}";
        message = message with { Recipients = recipients };
        var outcome = await _sealer.SealAsync(message, from, MessageBytes.Entity(message, messageId), cancel);
        if (!outcome.TryGet(out var written))
            return Outcome<QueuedMail>.Refused(outcome.Refusals);
        var bytes = Encoding.ASCII.GetBytes(MessageBytes.Head(message, messageId, from, name, work.Now) + written.Entity);
        var sha256 = SHA256.HashData(bytes);
        await work.ExecuteAsync(InsertRaw, new { Sha256 = sha256, Bytes = bytes, work.Now }, cancel);
        await work.ExecuteAsync(
            InsertMessage,
            new
            {
                Id = id.Value,
                MessageId = messageId,
                message.About,
                message.Subject,
                From = from,
                message.Language,
                message.Automatic,
                Sha256 = sha256,
                work.Now,
                By = work.Viewer.Id.Value,
                Tlp = (short)message.Marking.Tlp,
                Pap = (short)message.Marking.Pap,
                message.Marking.Exercise,
                Named = (message.Marking.Named ?? []).Select(n => n.Value).ToArray(),
                written.Seal.Signed,
                written.Seal.Encrypted,
            },
            cancel);
        // An exercise never reaches the outside by itself: its messages wait in the local outbox, where a person may release them.
        var state = settings.Sendmail.Length > 0 && !message.Marking.Exercise ? "queued" : "held";
        var due = work.Now + message.Delay;
        await work.ExecuteAsync(InsertRecipient, recipients.Select(r => new { Id = id.Value, r.Address, r.Name, State = state, Due = due }), cancel);
        foreach (var recipient in recipients)
            work.Publish(new MailStateChanged { Mail = id, Subject = message.About, Recipient = recipient.Address, State = state, Marking = message.Marking });
        return new QueuedMail(id, messageId, [.. recipients.Select(r => new MailDelivery(r.Address, state))]) { Seal = written.Seal };
    }

    /// <summary>Whether a message to each of the addresses can be encrypted, in their order.</summary>
    public Task<IReadOnlyList<RecipientKey>> KeysAsync(IReadOnlyList<string> addresses, CancellationToken cancel) => _sealer.FindAsync(addresses, cancel);

    /// <summary>By what mail is signed: openpgp, smime, or null when it leaves unsigned.</summary>
    public async Task<string?> SignsAsync(CancellationToken cancel) => await _sealer.SignsAsync((await SenderAsync(_site, _options.CurrentValue, cancel)).From, cancel);

    /// <summary>True when the policy of the site asks for encryption of what is marked so.</summary>
    public bool MustEncrypt(Marking marking) => _sealer.Requires(marking);

    /// <summary>Keeps back what has not left yet, within the transaction of <paramref name="work"/>; answers for how many recipients. Writes no audit row.</summary>
    public Task<Outcome<int>> HoldAsync(Work work, MailId mail, CancellationToken cancel) =>
        ChangeAsync(work, mail, "held", ["queued", "unknown"], $"taken back by {work.Viewer.Name}", "kernel.mail.refused.left", cancel);

    /// <summary>Sends what is held, failed or unknown, with the same bytes and Message-ID. Writes no audit row.</summary>
    public async Task<Outcome<int>> ReleaseAsync(Work work, MailId mail, CancellationToken cancel) =>
        Sends
            ? await ChangeAsync(work, mail, "queued", ["held", "failed", "unknown"], null, "kernel.mail.refused.nothing-held", cancel)
            : Refuse.Unavailable("kernel.mail.refused.no-program");

    /// <summary>The team's own address and name where the site has set them, else those of the configuration.</summary>
    internal static async Task<(string From, string Name)> SenderAsync(ISettings site, MailOptions settings, CancellationToken cancel)
    {
        var from = MailAddress.TryRead(await site.FindAsync<string>(SettingKeys.OrganisationMail, cancel), out var own, out _) ? own : settings.From;
        var name = (await site.FindAsync<string>(SettingKeys.OrganisationName, cancel))?.Trim() is { Length: > 0 } set && !HeaderText.Breaks(set) ? set : settings.FromName;
        return (from, name);
    }

    private static async Task<Outcome<int>> ChangeAsync(Work work, MailId mail, string to, string[] from, string? reason, string nothing, CancellationToken cancel)
    {
        var row = await work.FindAsync<MessageRow>(Message, Visible.With(work.Viewer, new { Id = mail.Value }), cancel);
        if (row is null)
            return Refuse.NotFound("kernel.mail.refused.unknown");
        var changed = await work.QueryAsync<string>(Change, new { Id = mail.Value, To = to, From = from, work.Now, Reason = reason }, cancel);
        if (changed.Count == 0)
            return Refuse.Conflict(nothing);
        foreach (var address in changed)
            work.Publish(new MailStateChanged { Mail = mail, Subject = row.About, Recipient = address, State = to, Marking = row.Marking() });
        return changed.Count;
    }

    /// <summary>All that keeps a message from being queued; <paramref name="recipients"/> are trimmed and without repetition.</summary>
    internal static List<Refusal> Check(OutgoingMessage message, out List<MailRecipient> recipients)
    {
        var faults = new List<Refusal>();
        recipients = [];
        foreach (var recipient in message.Recipients)
        {
            if (!MailAddress.TryRead(recipient.Address, out var address, out var why))
                faults.Add(Refuse.Invalid("kernel.mail.refused.address", nameof(message.Recipients), recipient.Address, why));
            else if (!recipients.Exists(r => string.Equals(r.Address, address, StringComparison.OrdinalIgnoreCase)))
                recipients.Add(new(address, recipient.Name.Trim()));
            if (HeaderText.Breaks(recipient.Name))
                faults.Add(Refuse.Invalid("kernel.mail.refused.header", nameof(message.Recipients)));
        }
        if (message.Recipients.Count == 0)
            faults.Add(Refuse.Invalid("kernel.mail.refused.nobody", nameof(message.Recipients)));
        if (message.Recipients.Count > MostRecipients)
            faults.Add(Refuse.Invalid("kernel.mail.refused.too-many", nameof(message.Recipients), message.Recipients.Count, MostRecipients));
        if (string.IsNullOrWhiteSpace(message.Subject) || message.Subject.Length > 500)
            faults.Add(Refuse.Invalid("kernel.mail.refused.subject", nameof(message.Subject)));
        if (HeaderText.Breaks(message.Subject) || HeaderText.Breaks(message.Language))
            faults.Add(Refuse.Invalid("kernel.mail.refused.header", nameof(message.Subject)));
        if (message.Files.Any(f => f.Name.Length == 0 || HeaderText.Breaks(f.Name)))
            faults.Add(Refuse.Invalid("kernel.mail.refused.header", nameof(message.Files)));
        if (message.References.Append(message.InReplyTo ?? "a@b").Any(id => !IsMessageId(id)))
            faults.Add(Refuse.Invalid("kernel.mail.refused.header", nameof(message.References)));
        return faults;
    }

    /// <summary>What may stand between angle brackets: visible ASCII without brackets, short enough for a line.</summary>
    internal static bool IsMessageId(string id) => id.Length is > 0 and <= 900 && id.All(c => c is > ' ' and < '\x7f' and not ('<' or '>'));

    private sealed class MessageRow : MailStore.MarkedRow
    {
        public string About { get; set; } = "";
    }
}
