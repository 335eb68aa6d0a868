using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Appliance.Kernel.Data;
using Npgsql;
using NpgsqlTypes;

namespace Appliance.Sensing.Rules;

/// <summary>What is wrong with a rule.</summary>
internal sealed record RuleFault(int Line, string? Keyword, string Reason);

/// <summary>Puts the files of a source into the database in place of its last version, every rule checked.</summary>
internal static class RuleStore
{
    private const string Forget =
        "delete from sensing.rule_files where source_id = @source; delete from sensing.rules where source_id = @source";

    private const string InsertFile =
        "insert into sensing.rule_files (source_id, name, kind, body) values (@source, @Name, @Kind, @Body)";

    private const string InsertRules =
        """
        insert into sensing.rules (source_id, file, line, gid, sid, rev, message, on_in_file, error_keyword, error, text)
        select @source, @file, line, gid, sid, rev, message, on_in_file, error_keyword, error, text
        from unnest(@lines, @gids, @sids, @revs, @messages, @ons, @keywords, @errors, @texts)
            as t (line, gid, sid, rev, message, on_in_file, error_keyword, error, text)
        """;

    private const string Taken =
        """
        update sensing.rule_sources set checksum = @checksum, fetched_at = @now, checked_at = @now, last_error = null, wanted_at = null
        where id = @source
        """;

    private const string Old = "select gid, sid, rev, message, text, on_in_file from sensing.rules where source_id = @source and sid is not null order by file, line";

    private const string Checksum = "select checksum from sensing.rule_sources where id = @source";

    private const string Note =
        """
        insert into sensing.rule_changes (id, source_id, at, by_name, checksum, added, removed, changed, rules, wrong, detail)
        values (@id, @source, @now, @by, @checksum, @Added, @Removed, @Changed, @rules, @wrong, @detail::jsonb)
        """;

    public static string ChecksumOf(IEnumerable<RuleFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.OrderBy(static f => f.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file.Name + "\n"));
            hash.AppendData(Encoding.UTF8.GetBytes(file.Body));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Replaces the source's files; answers rules and those with an error.</summary>
    public static async Task<(int Rules, int Wrong)> ReplaceAsync(Work work, Guid source, IReadOnlyList<RuleFile> files, RuleChecker checker, CancellationToken cancel)
    {
        var before = await work.QueryAsync<OldRow>(Old, new { source }, cancel);
        var known = await work.FindAsync<string>(Checksum, new { source }, cancel);
        await work.ExecuteAsync(Forget, new { source }, cancel);
        var (rules, wrong) = (0, 0);
        var now = new List<KnownRule>();
        foreach (var file in files)
        {
            await work.ExecuteAsync(InsertFile, new { source, file.Name, file.Kind, file.Body }, cancel);
            if (file.Kind != "rules")
                continue;
            var scanned = RuleScanner.Scan(file.Body);
            var faults = checker.Check(file.Name, scanned);
            await InsertAsync(work, source, file.Name, [.. scanned], faults, cancel);
            now.AddRange(scanned.Where(static r => r.Sid is not null).Select(static r => new KnownRule(r.Gid, r.Sid!.Value, r.Rev, r.Message, KnownRule.MarkOf(r.Text, r.IsOn))));
            rules += scanned.Count;
            wrong += scanned.Count(r => faults.ContainsKey(r.Line));
        }
        var checksum = ChecksumOf(files);
        await work.ExecuteAsync(Taken, new { source, checksum, now = work.Now }, cancel);
        var difference = SourceDifference.Between(before.Select(static r => new KnownRule(r.Gid, r.Sid, r.Rev, r.Message, KnownRule.MarkOf(r.Text, r.OnInFile))), now);
        if (checksum != known)
            await work.ExecuteAsync(
                Note,
                new { id = Guid.CreateVersion7(), source, now = work.Now, by = work.Viewer.Name, checksum, difference.Added, difference.Removed, difference.Changed, rules, wrong, detail = JsonSerializer.Serialize(difference.First) },
                cancel);
        await Generations.WantAsync(work, cancel);
        return (rules, wrong);
    }

    private static async Task InsertAsync(Work work, Guid source, string file, ScannedRule[] rules, IReadOnlyDictionary<int, RuleFault> faults, CancellationToken cancel)
    {
        if (rules.Length == 0)
            return;
        await using var command = new NpgsqlCommand(InsertRules, work.Connection);
        command.Parameters.Add(new("source", NpgsqlDbType.Uuid) { Value = source });
        command.Parameters.Add(new("file", NpgsqlDbType.Text) { Value = file });
        Add("lines", NpgsqlDbType.Integer, r => r.Line);
        Add("gids", NpgsqlDbType.Integer, r => r.Gid);
        Add("sids", NpgsqlDbType.Bigint, r => r.Sid);
        Add("revs", NpgsqlDbType.Integer, r => r.Rev);
        Add("messages", NpgsqlDbType.Text, r => r.Message);
        Add("ons", NpgsqlDbType.Boolean, r => r.IsOn);
        Add("keywords", NpgsqlDbType.Text, r => faults.GetValueOrDefault(r.Line)?.Keyword);
        Add("errors", NpgsqlDbType.Text, r => faults.GetValueOrDefault(r.Line)?.Reason);
        Add("texts", NpgsqlDbType.Text, r => r.Text);
        await command.ExecuteNonQueryAsync(cancel);

        void Add<T>(string name, NpgsqlDbType type, Converter<ScannedRule, T> column) =>
            command.Parameters.Add(new(name, NpgsqlDbType.Array | type) { Value = Array.ConvertAll(rules, column) });
    }

    private sealed class OldRow
    {
        public int Gid { get; init; }
        public long Sid { get; init; }
        public int Rev { get; init; }
        public string Message { get; init; } = "";
        public string Text { get; init; } = "";
        public bool OnInFile { get; init; }
    }
}
