using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Mail.Parse;

namespace Appliance.Kernel.Mail;

/// <summary>Looks into archives of strangers, in the confined process. Thread-safe.</summary>
public sealed class ArchiveReading
{
    private readonly ParsePool _pool;

    internal ArchiveReading(ParsePool pool) => _pool = pool;

    /// <summary>Largest archive that is looked into; it is held in memory meanwhile.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    /// <summary>The members, or <c>kernel.archive.unreadable</c> where the parser gave up.</summary>
    /// <param name="archive">At most <see cref="MostBytes"/>.</param>
    /// <param name="password">For members that need one; may be empty.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<Outcome<ParsedArchive>> ReadAsync(ReadOnlyMemory<byte> archive, string password, CancellationToken cancel)
    {
        var answer = await _pool.AskAsync(Frames.Archive, Frames.With(password, archive.Span), cancel);
        return answer.Json is { } json && JsonSerializer.Deserialize<ParsedArchive>(json, ParseVerb.Json) is { Members: not null } read
            ? read
            : Refuse.Invalid("kernel.archive.unreadable", "password");
    }
}
