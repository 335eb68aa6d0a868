namespace Appliance.Kernel.Mail;

/// <summary>A part of a message that is signed or encrypted, as the parser cuts it out; the host opens it.</summary>
/// <param name="PartId">Its place in the tree.</param>
/// <param name="Scheme">openpgp or smime.</param>
/// <param name="Act">signed, encrypted, or either (S/MIME that says so only within).</param>
/// <param name="Form">mime (RFC 1847, 3156, 8551), inline (armour in the text) or attachment.</param>
/// <param name="Data">The signature, or all that is encrypted.</param>
/// <param name="Covered">For a signature beside its text: the bytes that it covers, with line ends of the network.</param>
/// <param name="Name">For an attachment: its name without the ending that says it is encrypted.</param>
/// <param name="Partial">True when text stands outside the armour, which nobody signed.</param>
public sealed record ProtectedPart(string PartId, string Scheme, string Act, string Form, byte[] Data, byte[]? Covered = null, string? Name = null, bool Partial = false);

/// <summary>What came of opening one part.</summary>
public sealed record MailSeal
{
    /// <summary>Its place in the tree.</summary>
    public required string PartId { get; init; }

    /// <summary>openpgp or smime.</summary>
    public required string Scheme { get; init; }

    /// <summary>mime, inline or attachment.</summary>
    public required string Form { get; init; }

    /// <summary>True when it was encrypted.</summary>
    public bool Encrypted { get; init; }

    /// <summary>decrypted, no-key or failed; null when it was not encrypted.</summary>
    public string? Decryption { get; init; }

    /// <summary>True when a signature was found; never known before an encrypted part is opened.</summary>
    public bool Signed { get; init; }

    /// <summary>good, bad, unknown-key, expired, untrusted or error; null without a signature. Only good is good.</summary>
    public string? Signature { get; init; }

    /// <summary>Whose key it is, as the key says.</summary>
    public string? Signer { get; init; }

    /// <summary>Fingerprint or thumbprint of that key.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>True when the key names the address that the message claims to be from.</summary>
    public bool SignerIsSender { get; init; }

    /// <summary>True when the message has text that the signature does not cover.</summary>
    public bool Partial { get; init; }

    /// <summary>Why it could not be opened or is not good, for the operator.</summary>
    public string? Reason { get; init; }
}
