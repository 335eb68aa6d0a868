namespace Appliance.Kernel.Mail;

/// <summary>A key as it was found in what a person brought, before it is put in. All text in it is a stranger's.</summary>
public sealed record FoundKey
{
    /// <summary>openpgp or smime.</summary>
    public required string Scheme { get; init; }

    /// <summary>Its whole name in hexadecimal capitals: of the primary key, or SHA-256 of the certificate.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Main user id or subject, at most 300 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Mail addresses that it names, at most 50.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>Kind and size of the key.</summary>
    public required string Algorithm { get; init; }

    /// <summary>When it was made, as it says.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>When it ends, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>True when its owner took it back.</summary>
    public bool Revoked { get; init; }

    /// <summary>True when it may sign now.</summary>
    public bool Signs { get; init; }

    /// <summary>True when it may be encrypted to now.</summary>
    public bool Encrypts { get; init; }

    /// <summary>True for a certificate that others are judged by.</summary>
    public bool Authority { get; init; }

    /// <summary>True when the secret part came with it.</summary>
    public bool Own { get; init; }

    /// <summary>OpenPGP packets, or a certificate (DER).</summary>
    internal byte[] Public { get; init; } = [];

    /// <summary>OpenPGP packets, or PKCS #8, without passphrase.</summary>
    internal byte[]? Secret { get; init; }

    internal static string Cut(string text, int most) => text.Length > most ? text[..most] : text;
}
