namespace Appliance.Sensing.Engine.AppLayer.Smtp;

/// <summary>What is done with mails, and what is told of them.</summary>
internal sealed record SmtpOptions
{
    /// <summary>Mails are taken apart; without it a mail is text between commands.</summary>
    public bool Decode { get; init; } = true;
    public bool DecodeBase64 { get; init; } = true;
    public bool DecodeQuotedPrintable { get; init; } = true;

    /// <summary>Bytes kept of a header's value.</summary>
    public int HeaderDepth { get; init; } = 2000;
    public bool FindUrls { get; init; } = true;

    /// <summary>Schemes of links that are noted, each with its "://".</summary>
    public IReadOnlyList<byte[]> Schemes { get; init; } = ["http://"u8.ToArray()];
    public bool ShowScheme { get; init; }
    public bool BodyMd5 { get; init; }

    /// <summary>The whole mail is a file by the name "rawmsg".</summary>
    public bool Raw { get; init; }

    // the record
    public IReadOnlyList<MailField> Fields { get; init; } = [];
    public bool ShowBodyMd5 { get; init; }
    public bool ShowSubjectMd5 { get; init; }
}

/// <summary>A header that records can show: its key there, its name in the mail, and whether all of its values are listed.</summary>
internal sealed record MailField(string Key, string Header, bool Extended = false, bool Array = false, bool SplitsAtComma = false)
{
    public static readonly MailField[] All =
    [
        new("reply_to", "reply-to"), new("bcc", "bcc", true, true, true), new("message_id", "message-id", true), new("subject", "subject", true), new("x_mailer", "x-mailer", true), new("user_agent", "user-agent", true),
        new("received", "received", false, true), new("x_originating_ip", "x-originating-ip"), new("in_reply_to", "in-reply-to"), new("references", "references"), new("importance", "importance"), new("priority", "priority"),
        new("sensitivity", "sensitivity"), new("organization", "organization"), new("content_md5", "content-md5"), new("date", "date"),
    ];
}
