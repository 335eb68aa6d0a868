namespace Appliance.Kernel.Mail;

/// <summary>What lies in an archive, as far as it was read. Names were written by strangers.</summary>
/// <param name="Members">At most 200.</param>
/// <param name="Refused">Why it was not read to its end: entries, size, ratio, damaged; null when it was.</param>
public sealed record ParsedArchive(IReadOnlyList<ArchiveMember> Members, string? Refused);

/// <summary>A file within an archive; it was unpacked into nothing but its hashes.</summary>
/// <param name="Name">Without folders, control and direction characters.</param>
/// <param name="Size">Bytes after unpacking; of one that could not be opened, as the archive claims.</param>
/// <param name="Encrypted">True when it needs a password.</param>
public sealed record ArchiveMember(string Name, long Size, bool Encrypted)
{
    /// <summary>MD5, SHA-1 and SHA-256 of its bytes, lower-case hex; null where it could not be opened.</summary>
    public string? Md5 { get; init; }

    /// <inheritdoc cref="Md5"/>
    public string? Sha1 { get; init; }

    /// <inheritdoc cref="Md5"/>
    public string? Sha256 { get; init; }
}
