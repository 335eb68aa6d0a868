using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Appliance.Kernel.Modules;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Migrations;

/// <summary>Applies each module's numbered SQL as the owner, forward only, checksummed, one transaction each, under an advisory lock.</summary>
public sealed partial class Migrator(ILogger<Migrator> log)
{
    private const string CreateLedger =
        """
        create schema if not exists migrations;
        create table if not exists migrations.applied (
            module text not null,
            number integer not null,
            file text not null,
            checksum text not null,
            readable_by text not null,
            applied_at timestamptz not null default now(),
            primary key (module, number)
        );
        """;

    /// <summary>Brings the schema of <paramref name="modules"/> up to date. <paramref name="owner"/> may create schemas and roles.</summary>
    /// <returns>The number of files applied.</returns>
    /// <exception cref="MigrationException">A file was edited, is missing, or failed; the message is for the operator.</exception>
    public async Task<int> RunAsync(NpgsqlDataSource owner, ModuleSet modules, CancellationToken cancel)
    {
        await using var connection = await owner.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("select pg_advisory_lock(hashtext('cirt.migrate'))");
        await connection.ExecuteAsync(CreateLedger);
        await RefuseNewerAsync(connection, modules);
        var applied = (await connection.QueryAsync<AppliedRow>("select module, number, checksum from migrations.applied")).ToDictionary(a => (a.Module, a.Number), a => a.Checksum);
        var count = 0;
        foreach (var module in modules.Modules)
        {
            var files = Read(module.Module.Id, module.Assembly);
            foreach (var file in files)
                count += await ApplyAsync(connection, file, applied, cancel) ? 1 : 0;
        }
        return count;
    }

    /// <summary>The files of <paramref name="modules"/> that are not applied yet. Needs no rights beyond reading the ledger.</summary>
    /// <exception cref="MigrationException">The database is of a newer release, which this program cannot read.</exception>
    public static async Task<IReadOnlyList<string>> MissingAsync(NpgsqlDataSource source, ModuleSet modules, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        var exists = await connection.ExecuteScalarAsync<bool>("select to_regclass('migrations.applied') is not null");
        if (exists)
            await RefuseNewerAsync(connection, modules);
        var applied = exists
            ? (await connection.QueryAsync<AppliedRow>("select module, number, checksum from migrations.applied")).Select(a => (a.Module, a.Number)).ToHashSet()
            : [];
        return [.. modules.Modules.SelectMany(m => Read(m.Module.Id, m.Assembly)).Where(f => !applied.Contains((f.Module, f.Number))).Select(f => $"{f.Module}/{f.Name}")];
    }

    // Each file says from which release on its result can be read; this program may be of an earlier one.
    private static async Task RefuseNewerAsync(NpgsqlConnection connection, ModuleSet modules)
    {
        var own = typeof(Migrator).Assembly.GetName().Version!;
        var newer = (await connection.QueryAsync<(string Module, int Number, string File, string ReadableBy)>("select module, number, file, readable_by from migrations.applied order by module, number"))
            .FirstOrDefault(a => Version.Parse(a.ReadableBy) > new Version(own.Major, own.Minor, own.Build) && modules.Modules.Any(m => m.Module.Id == a.Module));
        if (newer.File is not null)
            throw new MigrationException($"The database is of a newer release: {newer.Module}/{newer.File} can be read from {newer.ReadableBy} on, and this program is {own.ToString(3)}. Start the newer program, or restore a backup of this release into an empty installation.");
    }

    internal static IReadOnlyList<MigrationFile> Read(string module, Assembly assembly)
    {
        var files = new List<MigrationFile>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var match = FileName().Match(resource);
            if (!match.Success)
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var sql = reader.ReadToEnd();
            var readable = ReadableBy().Match(sql);
            if (!readable.Success)
                throw new MigrationException($"Migration {module}/{match.Value} does not say which release can read its result. Add a line '-- readable-by: x.y.z'.");
            files.Add(new(module, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Value, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))), readable.Groups[1].Value));
        }
        for (var i = 0; i < files.Count; i++)
            if (files[i].Number != i + 1)
                throw new MigrationException($"Migrations of {module} are not numbered without gaps: expected {i + 1:0000}, found {files[i].Name}.");
        return files;
    }

    private async Task<bool> ApplyAsync(NpgsqlConnection connection, MigrationFile file, Dictionary<(string, int), string> applied, CancellationToken cancel)
    {
        if (applied.TryGetValue((file.Module, file.Number), out var checksum))
            return checksum == file.Checksum
                ? false
                : throw new MigrationException($"Migration {file.Module}/{file.Name} was edited after it was applied. Restore the file as released and add a new one.");
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(file.Sql, null, transaction, commandTimeout: 0, cancellationToken: cancel));
            await connection.ExecuteAsync(
                "insert into migrations.applied (module, number, file, checksum, readable_by) values (@Module, @Number, @Name, @Checksum, @ReadableBy)",
                file,
                transaction);
            await transaction.CommitAsync(cancel);
        }
        catch (PostgresException fault)
        {
            throw new MigrationException($"Migration {file.Module}/{file.Name} failed: {fault.MessageText} (at character {fault.Position}). Nothing of it was kept.", fault);
        }
        KernelLog.Migrated(log, file.Module, file.Name);
        return true;
    }

    [GeneratedRegex(@"(\d{4})_[a-z0-9_]+\.sql$", RegexOptions.NonBacktracking)]
    private static partial Regex FileName();

    [GeneratedRegex(@"^-- readable-by: (\d+\.\d+\.\d+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex ReadableBy();

    internal sealed record MigrationFile(string Module, int Number, string Name, string Sql, string Checksum, string ReadableBy);

    private sealed record AppliedRow(string Module, int Number, string Checksum);
}

/// <summary>The schema cannot be brought up to date; the message is for the operator.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
