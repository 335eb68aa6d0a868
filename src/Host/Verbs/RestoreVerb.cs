using System.Globalization;
using Appliance.Host.Composition;
using Appliance.Kernel;
using Appliance.Kernel.Backup;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Verbs;

/// <summary>Puts a backup into an empty installation: the database that CIRT_DATABASE names, or a new private server below the data folder.</summary>
internal sealed class RestoreVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    private const string Usage = "Write: cirt restore FILE [--key-file FILE] [--older]; without --key-file the recovery key is read from standard input";

    public string Name => "restore";

    public string Summary => "put a backup into an empty installation: FILE [--key-file FILE] [--older]";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var words = input.Arguments.ToList();
        var older = words.Remove("--older");
        var at = words.IndexOf("--key-file");
        var keyFile = at >= 0 && at + 1 < words.Count ? words[at + 1] : null;
        if (keyFile is not null)
            words.RemoveRange(at, 2);
        if (words is not [{ Length: > 0 } file] || file.StartsWith('-'))
            throw new OperatorFault("It is not said what to restore.", $"Given: {string.Join(' ', input.Arguments)}", Usage);
        if (keyFile is null && !Console.IsInputRedirected)
            await io.Error.WriteLineAsync("Type the recovery key (AGE-SECRET-KEY-1…):");
        var secret = await RecoveryKey.ReadSecretAsync(keyFile, Console.In, cancel);
        Directory.CreateDirectory(data.Root);
        var settings = HostSettings.Load(data, []);
        if (settings["DATABASE"] is { Length: > 0 } named)
            return await RestoreAsync(file, secret, named, older, io, cancel);
        var cluster = PrivateCluster.At(Path.Combine(data.Root, "database"));
        try
        {
            await cluster.StartAsync(cancel);
            await CreateAsync(cluster.Connection("postgres"), cancel);
            return await RestoreAsync(file, secret, cluster.Connection("cirt"), older, io, cancel);
        }
        finally
        {
            await cluster.StopAsync(CancellationToken.None);
        }
    }

    private async Task<int> RestoreAsync(string file, string secret, string owner, bool older, VerbOutput io, CancellationToken cancel)
    {
        ModuleSet modules = new([.. catalog.Find(HostSettings.Load(data, [])).Select(m => ModuleBuilder.Describe(m, new ServiceCollection()))]);
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { ApplicationName = "cirt restore", PersistSecurityInfo = true });
        RestoredInstallation place = new(data, modules);
        var report = await place.RunAsync(Path.GetFullPath(file), secret, source, owner, older, cancel);
        using var logs = LoggerFactory.Create(b => b.AddSimpleConsole(c => c.SingleLine = true));
        if (older)
            await new Migrator(logs.CreateLogger<Migrator>()).RunAsync(source, modules, cancel);
        (await DatabaseRoles.ApplyAsync(source, modules, null, cancel)).Save(data.DatabaseAccessFile);
        place.GiveToOrdinaryUser();
        await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"restored the state of {report.MadeAt:yyyy-MM-dd HH:mm} UTC: {report.Tables} tables with {report.Rows} rows and {report.Files} files"));
        foreach (var lost in report.Lost)
            await io.Error.WriteLineAsync($"was lost before the backup was made: {lost}");
        if (report.Differences.Count == 0)
        {
            await io.Out.WriteLineAsync("compared with the backup: every table has the same rows, every file the same content");
            return 0;
        }

        await io.Error.WriteLineAsync("THE RESULT DIFFERS FROM THE BACKUP:");
        foreach (var difference in report.Differences)
            await io.Error.WriteLineAsync($"  {difference}");
        return 1;
    }

    private static async Task CreateAsync(string server, CancellationToken cancel)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var exists = source.CreateCommand("select 1 from pg_database where datname = 'cirt'");
        if (await exists.ExecuteScalarAsync(cancel) is not null)
            return;
        await using var create = source.CreateCommand("create database cirt");
        await create.ExecuteNonQueryAsync(cancel);
    }
}
