using Appliance.Contracts;

namespace Appliance.Kernel.Mail;

/// <summary>A message to be queued. The caller has put the TLP label into subject and first line, in the language of the recipient.</summary>
public sealed record OutgoingMessage
{
    /// <summary>What it belongs to: <c>incident/…</c>, <c>advisory/…</c>. Given back with every change of state.</summary>
    public required string About { get; init; }

    /// <summary>Who gets it. Each has a delivery state of its own.</summary>
    public required IReadOnlyList<MailRecipient> Recipients { get; init; }

    /// <summary>The subject line, plain text.</summary>
    public required string Subject { get; init; }

    /// <summary>The text, plain, lines ended by LF.</summary>
    public required string Text { get; init; }

    /// <summary>Who may read the message here and in which conditions.</summary>
    public required Marking Marking { get; init; }

    /// <summary>Two-letter language of the text.</summary>
    public string Language { get; init; } = "en";

    /// <summary>True for mail that no person wrote: marked so, so that automatic answers stay away (RFC 3834).</summary>
    public bool Automatic { get; init; }

    /// <summary>Recipients do not see each other: newsletters and advisories.</summary>
    public bool HideRecipients { get; init; }

    /// <summary>Message-ID that this answers, without angle brackets.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>The thread, oldest first, without angle brackets.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Files that go with it. Their sizes and names are the caller's business; a name that could break a header is refused.</summary>
    public IReadOnlyList<OutgoingFile> Files { get; init; } = [];

    /// <summary>How far it is to be encrypted.</summary>
    public SealWish Seal { get; init; }

    /// <summary>Not handed over before this has passed: time to take it back.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>A file that goes with a message, of no particular type.</summary>
/// <param name="Name">Made safe by <see cref="Kernel.Files.FileNames.Safe"/>.</param>
/// <param name="Bytes">Its content.</param>
public sealed record OutgoingFile(string Name, ReadOnlyMemory<byte> Bytes);

/// <summary>One recipient.</summary>
/// <param name="Address">Mail address.</param>
/// <param name="Name">Name shown, or empty.</param>
public sealed record MailRecipient(string Address, string Name = "");

/// <summary>A queued message.</summary>
/// <param name="Mail">Its identity here.</param>
/// <param name="MessageId">Its Message-ID, without angle brackets; the same for every try.</param>
/// <param name="Recipients">The addresses with their first state: <c>queued</c> or <c>held</c>.</param>
public sealed record QueuedMail(MailId Mail, string MessageId, IReadOnlyList<MailDelivery> Recipients)
{
    /// <summary>Whether it leaves signed and encrypted.</summary>
    public MailSealed Seal { get; init; } = new(null, null);
}

/// <summary>State of delivery to one recipient.</summary>
/// <param name="Address">The recipient.</param>
/// <param name="State">queued, held, sent, failed, unknown.</param>
public sealed record MailDelivery(string Address, string State);
