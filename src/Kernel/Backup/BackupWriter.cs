using System.Formats.Tar;
using System.Security.Cryptography;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Backup;

/// <summary>What a finished backup holds.</summary>
/// <param name="Tables">Tables.</param>
/// <param name="Rows">Their rows together.</param>
/// <param name="Files">Stored files and kept configuration.</param>
/// <param name="Bytes">Size of the file on disk.</param>
/// <param name="Lost">Stored files that the database names and this machine no longer has whole; everything else is in.</param>
public sealed record BackupSummary(int Tables, long Rows, int Files, long Bytes, IReadOnlyList<string> Lost);

/// <summary>Writes one backup while the host runs: the database at one moment, then the files it names, keys, configuration and waiting mail.</summary>
/// <remarks>
/// A tar archive through age. The file appears under its name only when it is whole and on the disk. Not in it: the sensor's folder (what has not been read from its
/// spool yet, packets), the log-in of the database (made anew on restore) and scratch space. Files are named by content and leave a day after their last owner, so
/// those that the database names at its moment are still there when they are copied.
/// </remarks>
internal sealed class BackupWriter(Database database, DatabaseAccess access, DataFolder data, TimeProvider time)
{
    private const int DumpPiece = 16 * 1024 * 1024;

    private const string NamedFiles = "select encode(sha256, 'hex') from kernel.files order by 1";

    private readonly List<EntryDigest> _entries = [];
    private readonly List<string> _lost = [];

    /// <summary>Folders of the data folder that are copied whole, beside files that the database names.</summary>
    internal static IReadOnlyList<string> Folders { get; } = ["keys", "mail"];

    /// <summary>Writes <paramref name="file"/>, readable by its owner only.</summary>
    public async Task<BackupSummary> WriteAsync(string file, string recipient, CancellationToken cancel)
    {
        var part = file + ".part";
        try
        {
            await using (new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                // Made here first so that nobody else can ever open it; age then fills it.
            }

            var manifest = await FillAsync(part, recipient, cancel);
            await using (var written = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
                written.Flush(flushToDisk: true);
            File.Move(part, file, overwrite: true);
            FolderSync.Run(Path.GetDirectoryName(file)!);
            return new(manifest.Tables.Count, manifest.Tables.Sum(t => t.Rows), _entries.Count(e => !e.Name.StartsWith("database/", StringComparison.Ordinal)) - 1, new FileInfo(file).Length, _lost);
        }
        catch (IOException fault) when (fault is not FileNotFoundException)
        {
            throw new OperatorFault("The backup could not be written.", fault.Message, "Choose a folder that exists and has room, and a name that is not in use.", fault);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private async Task<BackupManifest> FillAsync(string part, string recipient, CancellationToken cancel)
    {
        using var age = AgeProgram.Encrypt(recipient, part);
        try
        {
            BackupManifest manifest;
            await using (var tar = new TarWriter(age.StandardInput.BaseStream, TarEntryFormat.Pax, leaveOpen: true))
                manifest = await FillAsync(tar, cancel);
            age.StandardInput.Close();
            await AgeProgram.EndAsync(age, "The backup could not be encrypted.", cancel);
            return manifest;
        }
        catch (IOException) when (age.WaitForExit(2000) && age.ExitCode != 0)
        {
            await AgeProgram.EndAsync(age, "The backup could not be written.", cancel);
            throw;
        }
        finally
        {
            if (!age.HasExited)
                age.Kill();
        }
    }

    private async Task<BackupManifest> FillAsync(TarWriter tar, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        var snapshot = await connection.ExecuteScalarAsync<string>("select pg_export_snapshot()");
        BackupManifest manifest = new()
        {
            Form = BackupManifest.CurrentForm,
            Product = typeof(BackupWriter).Assembly.GetName().Version!.ToString(3),
            MadeAt = time.GetUtcNow(),
            Machine = Environment.MachineName,
            Postgres = connection.PostgreSqlVersion.Major,
            Schema = await DatabaseDigest.SchemaAsync(connection, cancel),
            Tables = await DatabaseDigest.TablesAsync(connection, cancel),
        };
        await AddAsync(tar, BackupManifest.EntryName, manifest.Bytes(), cancel);
        await DumpAsync(tar, manifest.Postgres, snapshot!, cancel);
        foreach (var hash in await connection.QueryAsync<string>(new CommandDefinition(NamedFiles, cancellationToken: cancel)))
            await AddFileAsync(tar, Path.Combine(data.Files, hash[..2], hash[2..4], hash), $"files/{hash}", cancel);
        foreach (var folder in Folders)
            await AddFolderAsync(tar, folder, cancel);
        if (File.Exists(Path.Combine(data.Root, "config.json")))
            await AddFileAsync(tar, Path.Combine(data.Root, "config.json"), "config.json", cancel);
        await AddAsync(tar, BackupTrailer.EntryName, new BackupTrailer { Entries = [.. _entries], Lost = [.. _lost] }.Bytes(), cancel);
        return manifest;
    }

    /// <summary>The dump in pieces that fit in memory, since its length is not known beforehand.</summary>
    private async Task DumpAsync(TarWriter tar, int major, string snapshot, CancellationToken cancel)
    {
        using var dump = PostgresTool.Start("pg_dump", major, new NpgsqlConnectionStringBuilder(access.AppConnection()), ["--format=custom", "--compress=3", "--no-owner", "--no-privileges", $"--snapshot={snapshot}"]);
        dump.StandardInput.Close();
        var words = dump.StandardError.ReadToEndAsync(cancel);
        var piece = new byte[DumpPiece];
        for (var number = 1; ; number++)
        {
            var filled = await dump.StandardOutput.BaseStream.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancel);
            if (filled > 0)
                await AddAsync(tar, $"database/{number:000000}", piece.AsMemory(0, filled), cancel);
            if (filled < piece.Length)
                break;
        }

        await PostgresTool.EndAsync(dump, words, "The database could not be dumped.", cancel);
    }

    private async Task AddFolderAsync(TarWriter tar, string folder, CancellationToken cancel)
    {
        var root = Path.Combine(data.Root, folder);
        if (!Directory.Exists(root))
            return;
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            if (file != data.DatabaseAccessFile && new FileInfo(file).LinkTarget is null)
                await AddFileAsync(tar, file, Path.GetRelativePath(data.Root, file), cancel);
    }

    private async Task AddFileAsync(TarWriter tar, string file, string name, CancellationToken cancel)
    {
        var isStored = name.StartsWith("files/", StringComparison.Ordinal);
        FileStream content;
        try
        {
            content = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 128 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // A waiting mail that was taken in meanwhile lies in the files by now; a stored file that the database names should be there.
            if (isStored)
                _lost.Add($"{name} is missing");
            return;
        }

        await using (content)
        {
            var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel));
            if (isStored && name["files/".Length..] != sha256)
            {
                _lost.Add($"{name} is damaged: its content has the SHA-256 {sha256}");
                return;
            }

            content.Position = 0;
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite }, cancel);
            _entries.Add(new(name, content.Length, sha256));
        }
    }

    private async Task AddAsync(TarWriter tar, string name, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await using var content = new MemoryStream(bytes.ToArray());
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite }, cancel);
        _entries.Add(new(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes.Span))));
    }
}
