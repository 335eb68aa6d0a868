using Appliance.Host.Composition;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Verbs;

/// <summary>Brings the schema up to date as the owner, then creates or repairs the two login roles. The only verb that defines anything.</summary>
internal sealed class MigrateVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    public string Name => "migrate";

    public string Summary => "bring the database schema up to date (owner: CIRT_DATABASE)";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var settings = HostSettings.Load(data, input.Arguments);
        var owner = settings["DATABASE"] ?? throw new VerbRefusedException("No database is named. Set CIRT_DATABASE to a connection string of a role that may create schemas and roles, for example 'Host=/run/postgresql;Database=cirt;Username=postgres'.");
        ModuleSet modules = new([.. catalog.Find(settings).Select(m => ModuleBuilder.Describe(m, new ServiceCollection()))]);
        await using var source = Source(owner);
        using var logs = LoggerFactory.Create(b => b.AddSimpleConsole(c => c.SingleLine = true));
        var applied = await new Migrator(logs.CreateLogger<Migrator>()).RunAsync(source, modules, cancel);
        var access = await DatabaseRoles.ApplyAsync(source, modules, Known(owner), cancel);
        access.Save(data.DatabaseAccessFile);
        await io.Out.WriteLineAsync($"schema is current: {applied} migration(s) applied");
        return 0;
    }

    private static NpgsqlDataSource Source(string owner)
    {
        try
        {
            return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { ApplicationName = "cirt migrate", PersistSecurityInfo = true });
        }
        catch (ArgumentException fault)
        {
            throw new VerbRefusedException($"CIRT_DATABASE is not a connection string: {fault.Message}. Write it as 'Host=…;Database=…;Username=…;Password=…'.");
        }
    }

    /// <summary>The logins of an earlier run, unless the server or database was changed since.</summary>
    private DatabaseAccess? Known(string owner)
    {
        var known = DatabaseAccess.Load(data.DatabaseAccessFile);
        var (old, now) = (new NpgsqlConnectionStringBuilder(known?.Server ?? ""), new NpgsqlConnectionStringBuilder(owner));
        return known is not null && (old.Host, old.Port, old.Database) == (now.Host, now.Port, now.Database) ? known : null;
    }
}
