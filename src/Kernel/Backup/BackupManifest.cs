using System.Text.Json;

namespace Appliance.Kernel.Backup;

/// <summary>The first entry of a backup: what made it and what the database held at that moment.</summary>
internal sealed record BackupManifest
{
    /// <summary>Form of the archive. A reader takes only the form it knows.</summary>
    public const int CurrentForm = 1;

    /// <summary>Its name in the archive.</summary>
    public const string EntryName = "manifest.json";

    public required int Form { get; init; }

    public required string Product { get; init; }

    public required DateTimeOffset MadeAt { get; init; }

    public required string Machine { get; init; }

    /// <summary>Major version of the server that wrote the dump.</summary>
    public required int Postgres { get; init; }

    /// <summary>Every migration applied, in the form <c>module/number checksum</c>.</summary>
    public required IReadOnlyList<string> Schema { get; init; }

    /// <summary>Every table with rows of its own.</summary>
    public required IReadOnlyList<TableDigest> Tables { get; init; }

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this);
}

/// <summary>The last entry: what went before it. Its absence means that the archive was cut short.</summary>
internal sealed record BackupTrailer
{
    public const string EntryName = "trailer.json";

    public required IReadOnlyList<EntryDigest> Entries { get; init; }

    /// <summary>Stored files that the installation had lost already when the backup was made.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this);
}

/// <summary>One entry of the archive.</summary>
/// <param name="Name">Path inside.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of its content, lower-case hex.</param>
internal sealed record EntryDigest(string Name, long Size, string Sha256);

/// <summary>A table's content in two numbers, the same wherever its rows lie and in whatever order.</summary>
/// <param name="Table">Schema and name, quoted as SQL needs it.</param>
/// <param name="Rows">Their number.</param>
/// <param name="Sum">Sum of the rows' 64-bit hashes.</param>
internal sealed record TableDigest(string Table, long Rows, string Sum);
