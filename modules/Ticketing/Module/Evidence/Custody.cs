using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Ticketing.Incidents;

namespace Appliance.Ticketing.Evidence;

/// <summary>One line: who did what with a file, when, with whom.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="At">UTC, to the microsecond.</param>
/// <param name="Act">received received-again hashed viewed downloaded refused listed handed-over returned verified mailed destroyed.</param>
/// <param name="ById">Who did it.</param>
/// <param name="ByName">Their name then.</param>
/// <param name="Party">From whom or to whom; may be empty.</param>
/// <param name="Note">How, why, or what came of it.</param>
/// <param name="Hash">SHA-256 over the line before and this one.</param>
internal sealed record CustodyLine(int Line, DateTimeOffset At, string Act, Guid ById, string ByName, string Party, string Note, string Hash);

/// <summary>What a look at the whole chain found.</summary>
/// <param name="Whole">True when no line is missing, altered or out of place.</param>
/// <param name="Lines">Lines that are there.</param>
/// <param name="BrokenAt">The first line that does not fit, or null.</param>
internal sealed record ChainState(bool Whole, int Lines, int? BrokenAt);

/// <summary>The lines of one file's custody: a chain that begins with the hash of the file and whose end stands in the row of the file.</summary>
internal static class Custody
{
    private const string Insert =
        """
        insert into ticketing.custody (evidence_id, line, at, act, by_id, by_name, party, note, hash)
        values (@Id, @Line, @At, @Act, @By, @ByName, @Party, @Note, @Hash)
        """;

    private const string Move = "update ticketing.evidence m set custody_lines = @Line, custody_head = @Hash where m.id = @Id";

    internal const string Read = "select c.line, c.at, c.act, c.by_id, c.by_name, c.party, c.note, encode(c.hash, 'hex') as hash from ticketing.custody c where c.evidence_id = @Id order by c.line";

    /// <summary>Adds a line to a file that is locked, and says it in the audit trail with its hash, so that even the end of the chain has a second witness.</summary>
    public static async Task AddAsync(Work work, EvidenceRow row, string act, string party, string note, CancellationToken cancel)
    {
        var line = new CustodyLine(row.CustodyLines + 1, Exact(work.Now), act, work.Viewer.Id.Value, work.Viewer.Name, party, note, "");
        var hash = HashOf(row.Id, row.CustodyHead, line);
        await work.ExecuteAsync(Insert, new { row.Id, line.Line, line.At, line.Act, By = line.ById, line.ByName, line.Party, line.Note, Hash = hash }, cancel);
        await work.ExecuteAsync(Move, new { row.Id, line.Line, Hash = hash }, cancel);
        (row.CustodyLines, row.CustodyHead) = (line.Line, hash);
        work.Audit($"ticketing.evidence.{act}", row.Subject, new { evidence = row.Label, line = line.Line, hash = Convert.ToHexStringLower(hash) });
    }

    /// <summary>An entry in the incident's timeline; shown to those alone who may see the file.</summary>
    public static Task<bool> TellAsync(Work work, EvidenceRow row, string act, CancellationToken cancel) =>
        new TimelineEntry(new(row.IncidentId), "evidence") { Detail = new { evidence = row.Id, number = row.Number, name = row.Name, act, size = row.Size, sha256 = row.Sha256 } }.AddAsync(work, cancel);

    /// <summary>What the first line hangs on.</summary>
    public static byte[] Beginning(string sha256) => Convert.FromHexString(sha256);

    /// <summary>Follows the chain from its beginning to the end that the row names.</summary>
    public static ChainState Verify(EvidenceRow row, IReadOnlyList<CustodyLine> lines)
    {
        var before = Beginning(row.Sha256);
        for (var i = 0; i < lines.Count; i++)
        {
            var hash = HashOf(row.Id, before, lines[i]);
            if (lines[i].Line != i + 1 || Convert.ToHexStringLower(hash) != lines[i].Hash)
                return new(false, lines.Count, i + 1);
            before = hash;
        }
        return lines.Count == row.CustodyLines && before.AsSpan().SequenceEqual(row.CustodyHead) ? new(true, lines.Count, null) : new(false, lines.Count, lines.Count + 1);
    }

    internal static byte[] HashOf(Guid evidence, byte[] before, CustodyLine line)
    {
        // An array of texts: no two lines are written the same, whatever people put into the fields.
        string[] fields =
        [
            evidence.ToString("D"), line.Line.ToString(CultureInfo.InvariantCulture), line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            line.Act, line.ById.ToString("D"), line.ByName, line.Party, line.Note,
        ];
        return SHA256.HashData([.. before, .. JsonSerializer.SerializeToUtf8Bytes(fields)]);
    }

    // The database keeps microseconds.
    private static DateTimeOffset Exact(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % 10), TimeSpan.Zero);

    internal sealed class Row
    {
        public int Line { get; set; }

        public DateTimeOffset At { get; set; }

        public string Act { get; set; } = "";

        public Guid ById { get; set; }

        public string ByName { get; set; } = "";

        public string Party { get; set; } = "";

        public string Note { get; set; } = "";

        public string Hash { get; set; } = "";

        public CustodyLine Of() => new(Line, At, Act, ById, ByName, Party, Note, Hash);
    }
}
