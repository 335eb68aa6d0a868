using Appliance.Host.Composition;
using Appliance.Host.Web;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Verbs;

/// <summary>The host: modules, web UI, REST API, jobs. Runs until it is told to stop.</summary>
internal sealed class ServeVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    public string Name => "serve";

    public string Summary => "run the host: web UI, API, jobs (--https-port N, --http-port N, --listen ADDRESS)";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var access = DatabaseAccess.Load(data.DatabaseAccessFile)
            ?? throw new VerbRefusedException($"The database logins are missing: {data.DatabaseAccessFile} does not exist. Run 'cirt migrate' first, or set CIRT_DATA to the appliance's data folder.");
        await using var app = WebHost.Build(catalog, data, access, input.Arguments);
        var missing = await Migrator.MissingAsync(app.Services.GetRequiredService<NpgsqlDataSource>(), app.Services.GetRequiredService<ModuleSet>(), cancel);
        if (missing.Count > 0)
            throw new VerbRefusedException($"The database schema is older than this release: {missing.Count} migration(s) missing, first {missing[0]}. Run 'cirt migrate', then start again.");
        await ModuleLifecycle.StartAsync(app.Services, cancel);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException fault)
        {
            throw new VerbRefusedException($"The address cannot be used: {fault.Message} Choose another with --https-port and --http-port, or stop the program that holds it.");
        }
        await Announcement.WriteAsync(app, io, cancel);
        await app.WaitForShutdownAsync(cancel);
        await ModuleLifecycle.StopAsync(app.Services);
        return 0;
    }
}
