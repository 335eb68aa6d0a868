namespace Appliance.Contracts;

/// <summary>A message arrived in the maildir; its raw bytes are stored and it was parsed in its own process.</summary>
[Event("kernel.mail-received")]
public sealed record MailReceived : EventRecord
{
    /// <summary>The stored message; read the parts through the mail store.</summary>
    public required MailId Mail { get; init; }

    /// <summary>Message-ID header without angle brackets, or an id made from the content where it has none.</summary>
    public required string MessageId { get; init; }

    /// <summary>In-Reply-To and References, nearest first.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Sender's address, as claimed.</summary>
    public required string From { get; init; }

    /// <summary>Subject, decoded.</summary>
    public required string Subject { get; init; }

    /// <summary>mail, bounce, complaint, receipt or auto-reply: only mail opens anything.</summary>
    public string Kind { get; init; } = "mail";

    /// <summary>True when the parser gave up: the raw message is kept and shown as such.</summary>
    public bool Unreadable { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"mail/{Mail}";
}

/// <summary>The state of an outgoing message changed for one recipient.</summary>
[Event("kernel.mail-state-changed")]
public sealed record MailStateChanged : EventRecord
{
    /// <summary>The message.</summary>
    public required MailId Mail { get; init; }

    /// <summary>What it belongs to, as given when it was queued: <c>incident/…</c>, <c>advisory/…</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The recipient.</summary>
    public required string Recipient { get; init; }

    /// <summary>queued, held, sent, failed, unknown.</summary>
    public required string State { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"mail/{Mail}";
}

/// <summary>An organisation, its networks or its contacts changed: copies are to be read again.</summary>
[Event("directory.constituent-changed")]
public sealed record ConstituentChanged : EventRecord
{
    /// <summary>The organisation.</summary>
    public required ConstituentId Constituent { get; init; }

    /// <inheritdoc/>
    public override string Aggregate => $"constituent/{Constituent}";
}
