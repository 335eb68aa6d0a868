using Appliance.Contracts;

namespace Appliance.Kernel.Mail;

/// <summary>What the parser saw in one message. Everything in it was written by a stranger.</summary>
public sealed record ParsedMail
{
    /// <summary>mail, bounce, complaint, receipt or auto-reply.</summary>
    public string Kind { get; init; } = "mail";

    /// <summary>Subject, decoded.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Senders.</summary>
    public IReadOnlyList<ParsedAddress> From { get; init; } = [];

    /// <summary>Reply-To.</summary>
    public IReadOnlyList<ParsedAddress> ReplyTo { get; init; } = [];

    /// <summary>To.</summary>
    public IReadOnlyList<ParsedAddress> To { get; init; } = [];

    /// <summary>Cc.</summary>
    public IReadOnlyList<ParsedAddress> Cc { get; init; } = [];

    /// <summary>Date header, when it can be read.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Message-ID without angle brackets, or null.</summary>
    public string? MessageId { get; init; }

    /// <summary>In-Reply-To and References, nearest first, without angle brackets.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The text for people: the plain part, or the HTML part turned into text.</summary>
    public string Text { get; init; } = "";

    /// <summary>plain, html or none: where <see cref="Text"/> comes from.</summary>
    public string TextFrom { get; init; } = "none";

    /// <summary>Parts with content that is not the text itself.</summary>
    public IReadOnlyList<ParsedAttachment> Attachments { get; init; } = [];

    /// <summary>Technical traces in subject and text, refanged.</summary>
    public IReadOnlyList<Observable> Observables { get; init; } = [];

    /// <summary>For a bounce: who was not reached, and why.</summary>
    public IReadOnlyList<BouncedRecipient> Bounced { get; init; } = [];

    /// <summary>For a bounce or receipt: the Message-ID it is about.</summary>
    public string? OriginalMessageId { get; init; }

    /// <summary>For a complaint (RFC 5965): the fields of the report.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? FeedbackReport { get; init; }

    /// <summary>For a report about abuse in a form that machines write: what it says.</summary>
    public AbuseReport? Abuse { get; init; }

    /// <summary>What is signed or encrypted, as found; empty once it was opened.</summary>
    public IReadOnlyList<ProtectedPart> Protected { get; init; } = [];

    /// <summary>What came of opening it.</summary>
    public IReadOnlyList<MailSeal> Seals { get; init; } = [];

    /// <summary>What was left out because the message is above a limit: depth, parts, headers, text.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>All parts in the order of the walk.</summary>
    public IReadOnlyList<ParsedPart> Parts { get; init; } = [];

    /// <summary>The structure with its headers.</summary>
    public ParsedNode? Tree { get; init; }
}

/// <summary>An address as written.</summary>
/// <param name="Name">Decoded display name, or empty.</param>
/// <param name="Address">The address, not checked.</param>
public sealed record ParsedAddress(string Name, string Address);

/// <summary>An attachment.</summary>
/// <param name="PartId">Its place in the tree.</param>
/// <param name="Name">Its name, without folders, control and direction characters; never empty.</param>
/// <param name="ContentType">As claimed.</param>
/// <param name="Size">Bytes after transfer decoding.</param>
/// <param name="Sha256">Of those bytes, lower-case hex.</param>
public sealed record ParsedAttachment(string PartId, string Name, string ContentType, long Size, string Sha256)
{
    /// <summary>For a zip archive: its members, at most 200.</summary>
    public IReadOnlyList<ParsedMember>? Members { get; init; }

    /// <summary>Why the archive was not read to its end: entries, size, damaged, encrypted; null when it was.</summary>
    public string? Refused { get; init; }
}

/// <summary>A file within an archive.</summary>
/// <param name="Name">Without folders, control and direction characters.</param>
/// <param name="Size">Bytes after unpacking.</param>
/// <param name="Lines">Lines, the last with or without its end.</param>
/// <param name="Sha256">Of its bytes.</param>
public sealed record ParsedMember(string Name, long Size, int Lines, string Sha256);

/// <summary>A recipient named in a delivery status notification (RFC 3464).</summary>
/// <param name="Address">The recipient.</param>
/// <param name="Action">failed, delayed, delivered, relayed, expanded.</param>
/// <param name="Status">Code of RFC 3463.</param>
/// <param name="ReplyCode">Reply code of SMTP within the diagnostic, or empty.</param>
/// <param name="Diagnostic">The mail server's words.</param>
/// <param name="HardBounce">True when the address itself is of no use: no later message will reach it.</param>
public sealed record BouncedRecipient(string Address, string Action, string Status, string ReplyCode, string Diagnostic, bool HardBounce)
{
    /// <summary>delivered, user-unknown, host-unknown, moved, refuses-mail, disabled, mailbox-full, too-large, loop, policy, network, expired, system or undefined.</summary>
    public string Reason { get; init; } = "undefined";
}

/// <summary>One part.</summary>
/// <param name="PartId">0 for the root, 1.2 for the second child of the first child.</param>
/// <param name="ContentType">As stated, lower case, or null.</param>
/// <param name="Charset">As stated, or null.</param>
/// <param name="Disposition">inline, attachment, or null.</param>
/// <param name="FileName">Decoded, as stated, or null.</param>
/// <param name="ContentId">Without angle brackets, or null.</param>
/// <param name="HasChildren">True for containers.</param>
/// <param name="Size">Bytes after transfer decoding.</param>
/// <param name="Sha256">Of those bytes.</param>
/// <param name="Content">Decoded text, only when it was asked for.</param>
public sealed record ParsedPart(string PartId, string? ContentType, string? Charset, string? Disposition, string? FileName, string? ContentId, bool HasChildren, long Size, string? Sha256, string? Content = null);

/// <summary>One node of the structure.</summary>
public sealed record ParsedNode
{
    /// <summary>message or body-part.</summary>
    public required string Kind { get; init; }

    /// <summary>As stated, lower case, or null when none is stated or it is malformed.</summary>
    public string? ContentType { get; init; }

    /// <summary>Name, value unfolded (bytes above 127 as Latin-1), and the decoded value where it differs.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Headers { get; init; } = [];

    /// <summary>Parts below it.</summary>
    public IReadOnlyList<ParsedNode> Children { get; init; } = [];

    /// <summary>True for multipart containers.</summary>
    public bool Multipart { get; init; }

    /// <summary>The content of a leaf.</summary>
    public ParsedBody? Body { get; init; }
}

/// <summary>Content of a leaf after transfer decoding; for text, CRLF counted as LF.</summary>
/// <param name="Kind">text or binary.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record ParsedBody(string Kind, long Length, string Sha256);
