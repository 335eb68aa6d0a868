namespace Appliance.Kernel.Mail;

/// <summary>Whether a message to an address can be encrypted, and by which key.</summary>
/// <param name="Address">The recipient, as asked.</param>
/// <param name="State">valid, none, expired, revoked, no-encryption (it can only sign, or is for another purpose), untrusted (no authority known here has signed the certificate).</param>
/// <param name="Scheme">openpgp or smime; null with none.</param>
/// <param name="Fingerprint">Of that key; null with none.</param>
/// <param name="Expires">When the key ends, or null.</param>
public sealed record RecipientKey(string Address, string State, string? Scheme = null, string? Fingerprint = null, DateTimeOffset? Expires = null)
{
    /// <summary>True when the key can be used now.</summary>
    public bool Usable => State == "valid";
}

/// <summary>How far a message is to be encrypted.</summary>
public enum SealWish
{
    /// <summary>Where every recipient has a key; what the policy asks beyond that is kept.</summary>
    Policy,

    /// <summary>Refused unless every recipient has a key.</summary>
    Required,

    /// <summary>Where every recipient has a key; the policy does not hold: what must reach a person who has none yet.</summary>
    Possible,

    /// <summary>Not encrypted, though it could be. Somebody decided so.</summary>
    Clear,
}

/// <summary>What was done to a message before it was stored.</summary>
/// <param name="Signed">openpgp, smime, or null when not signed.</param>
/// <param name="Encrypted">openpgp, smime, or null when it leaves in clear.</param>
public sealed record MailSealed(string? Signed, string? Encrypted);
