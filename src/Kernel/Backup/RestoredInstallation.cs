using System.Diagnostics;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Backup;

/// <summary>What a restore found afterwards.</summary>
/// <param name="MadeAt">When the backup was made.</param>
/// <param name="Tables">Tables compared.</param>
/// <param name="Rows">Rows compared.</param>
/// <param name="Files">Files put back.</param>
/// <param name="Differences">How the result differs from the backup; empty when it is the same.</param>
/// <param name="Lost">Stored files that were lost before the backup was made.</param>
public sealed record RestoreReport(DateTimeOffset MadeAt, int Tables, long Rows, int Files, IReadOnlyList<string> Differences, IReadOnlyList<string> Lost);

/// <summary>Puts a backup into an empty installation: an empty database and a data folder without files and keys. All or nothing.</summary>
public sealed class RestoredInstallation(DataFolder data, ModuleSet modules)
{
    private const string OurSchemas = "select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1";

    private readonly List<string> _placed = [];

    /// <summary>Reads <paramref name="file"/> once to be sure of it, then again to restore it, and compares the result with what it says of itself.</summary>
    /// <param name="file">The backup.</param>
    /// <param name="secret">The secret half of its recovery key.</param>
    /// <param name="owner">A role that may create schemas in the empty database.</param>
    /// <param name="login">The same, as a connection string.</param>
    /// <param name="older">Take a backup of an earlier release; the caller migrates afterwards.</param>
    /// <param name="cancel">Stops it; what was placed is removed.</param>
    /// <exception cref="OperatorFault">Not empty, or the backup is refused. Nothing was changed.</exception>
    public async Task<RestoreReport> RunAsync(string file, string secret, NpgsqlDataSource owner, string login, bool older, CancellationToken cancel)
    {
        await DemandEmptyAsync(owner, cancel);
        var reader = new BackupReader(file, secret);
        var (manifest, trailer) = await reader.ReadAsync(
            found =>
            {
                DemandFitting(found, older);
                return (_, _, _) => Task.CompletedTask;
            },
            cancel);
        await DemandServerAsync(owner, manifest, cancel);
        try
        {
            using var restore = PostgresTool.Start("pg_restore", await MajorAsync(owner, cancel), new(login), ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname", new NpgsqlConnectionStringBuilder(login).Database!]);
            await FillAsync(reader, restore, cancel);
            await using var connection = await owner.OpenConnectionAsync(cancel);
            await using var moment = await connection.BeginTransactionAsync(cancel);
            var differences = DatabaseDigest.Differences(manifest.Tables, await DatabaseDigest.TablesAsync(connection, cancel));
            return new(manifest.MadeAt, manifest.Tables.Count, manifest.Tables.Sum(t => t.Rows), _placed.Count, differences, trailer.Lost);
        }
        catch
        {
            await RemoveAsync(owner);
            throw;
        }
    }

    /// <summary>The last step: where root restored, the host that runs as an ordinary user must be able to read its files.</summary>
    public void GiveToOrdinaryUser()
    {
        if (OrdinaryUser.For(data.Root) is not { } user)
            return;
        string[] places = [.. new[] { "files", "keys", "mail", "config.json" }.Select(name => Path.Combine(data.Root, name)).Where(Path.Exists)];
        if (places.Length == 0)
            return;
        var answer = Command.Run("chown", ["-R", "--", $"{user.Uid}:{user.Gid}", .. places]);
        if (answer.Code != 0)
            throw new OperatorFault("The restored files could not be given to the user who runs the host.", answer.Words, $"Give them by hand: chown -R {user.Name} {data.Root}/files {data.Root}/keys {data.Root}/mail");
    }

    private async Task FillAsync(BackupReader reader, Process restore, CancellationToken cancel)
    {
        var words = restore.StandardError.ReadToEndAsync(cancel);
        var said = restore.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancel);
        try
        {
            await reader.ReadAsync(_ => (name, content, stop) => TakeAsync(restore, name, content, stop), cancel);
            restore.StandardInput.Close();
            await said;
            await PostgresTool.EndAsync(restore, words, "The database could not be restored.", cancel);
        }
        catch (IOException) when (restore.WaitForExit(5000) && restore.ExitCode != 0)
        {
            await PostgresTool.EndAsync(restore, words, "The database could not be restored.", cancel);
            throw;
        }
        finally
        {
            if (!restore.HasExited)
                restore.Kill();
        }
    }

    private async Task TakeAsync(Process restore, string name, Stream content, CancellationToken cancel)
    {
        if (name.StartsWith("database/", StringComparison.Ordinal))
        {
            await content.CopyToAsync(restore.StandardInput.BaseStream, cancel);
            return;
        }

        var place = Path.GetFullPath(name.StartsWith("files/", StringComparison.Ordinal) ? StoredPath(name["files/".Length..]) : Path.Combine(data.Root, name));
        // The archive is authentic, yet a name that leads out of the folder is refused all the same.
        if (!place.StartsWith(data.Root + "/", StringComparison.Ordinal))
            throw new InvalidDataException($"an entry would lie outside the data folder: {name}");
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        await using var target = new FileStream(place, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, Options = FileOptions.Asynchronous });
        _placed.Add(place);
        await content.CopyToAsync(target, cancel);
        target.Flush(flushToDisk: true);
    }

    private string StoredPath(string hash) => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(data.Files, hash[..2], hash[2..4], hash)
        : throw new InvalidDataException($"a stored file is not named by its hash: {hash}");

    private async Task DemandEmptyAsync(NpgsqlDataSource owner, CancellationToken cancel)
    {
        await using var connection = await owner.OpenConnectionAsync(cancel);
        var schemas = (await connection.QueryAsync<string>(OurSchemas)).AsList();
        if (schemas.Count > 0)
            throw new OperatorFault("The database is not empty.", $"Database {connection.Database} holds the schemas {string.Join(", ", schemas.Take(5))}.", "Restore into a new database: a restore never overwrites.");
        var full = new[] { Path.Combine(data.Root, "files"), Path.Combine(data.Root, "keys"), Path.Combine(data.Root, "mail") }
            .FirstOrDefault(folder => Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any());
        if (full is not null)
            throw new OperatorFault("The data folder is not empty.", $"There are files in {full}.", "Restore into a new folder (CIRT_DATA or --data), or move the old one away: a restore never overwrites.");
        if (File.Exists(Path.Combine(data.Root, "config.json")))
            throw new OperatorFault("The data folder is not empty.", $"There is a config.json in {data.Root}.", "Move it away: the backup brings its own.");
    }

    private void DemandFitting(BackupManifest manifest, bool older)
    {
        var ours = modules.Modules.SelectMany(m => Migrator.Read(m.Module.Id, m.Assembly)).Select(f => $"{f.Module}/{f.Number:0000} {f.Checksum}").ToHashSet();
        if (manifest.Schema.FirstOrDefault(line => !ours.Contains(line)) is { } foreign)
            throw new OperatorFault("The backup was made by another release.", $"Release {manifest.Product}, whose schema has {foreign.Split(' ')[0]}, which this release ({typeof(RestoredInstallation).Assembly.GetName().Version!.ToString(3)}) does not know or knows otherwise.", "Restore it with that release or a later one.");
        if (manifest.Schema.Count < ours.Count && !older)
            throw new OperatorFault("The backup was made by an older release.", $"Release {manifest.Product}, made {manifest.MadeAt:yyyy-MM-dd HH:mm} UTC; its schema lacks {ours.Count - manifest.Schema.Count} step(s) of this release.", "Restore it with that release and upgrade afterwards, or add --older to restore it here and bring it up to date at once.");
    }

    private static async Task DemandServerAsync(NpgsqlDataSource owner, BackupManifest manifest, CancellationToken cancel)
    {
        if (await MajorAsync(owner, cancel) is var major && major < manifest.Postgres)
            throw new OperatorFault("The database server is older than the one that was backed up.", $"PostgreSQL {major} here, {manifest.Postgres} there.", $"Restore on PostgreSQL {manifest.Postgres} or later.");
    }

    private static async Task<int> MajorAsync(NpgsqlDataSource owner, CancellationToken cancel)
    {
        await using var connection = await owner.OpenConnectionAsync(cancel);
        return connection.PostgreSqlVersion.Major;
    }

    private async Task RemoveAsync(NpgsqlDataSource owner)
    {
        foreach (var file in _placed)
            File.Delete(file);
        await using var connection = await owner.OpenConnectionAsync(CancellationToken.None);
        // The dump came in one transaction, so usually nothing is there.
        foreach (var schema in (await connection.QueryAsync<string>(OurSchemas)).AsList())
            await connection.ExecuteAsync($"drop schema \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\" cascade");
    }
}
