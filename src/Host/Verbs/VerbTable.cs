using Appliance.Host.Answers;
using Appliance.Host.Composition;
using Appliance.Host.Demo;
using Appliance.Host.Plugins;
using Appliance.Host.Provision;
using Appliance.Host.Verbs.Run;
using Appliance.Kernel;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Verbs;

/// <summary>Finds the verb, builds what it needs and runs it. Expected faults become a message in three parts and exit code 1 or 2, never a stack trace.</summary>
internal static class VerbTable
{
    public static async Task<int> RunAsync(string[] args, ModuleCatalog catalog)
    {
        var io = new VerbOutput(Console.Out, Console.Error);
        using var stop = new StopSignals();
        var name = args.FirstOrDefault() switch
        {
            null or "--help" or "-h" => "help",
            "--version" or "-V" => "version",
            var given => given,
        };
        try
        {
            var data = DataFolder.FromEnvironment();
            if (HostVerbs(catalog, data).FirstOrDefault(v => v.Name == name) is { } own)
                return await own.RunAsync(new(args[1..], EmptyServices.Instance), io, stop.Token);
            return await RunModuleVerbAsync(name, args[1..], catalog, data, io, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception fault) when (fault is ModuleRefusedException or MigrationException or VerbRefusedException)
        {
            await io.Error.WriteLineAsync(fault.Message);
            return 1;
        }
        catch (OperatorFault fault)
        {
            fault.Print(io.Error);
            return 1;
        }
        catch (NpgsqlException fault)
        {
            await io.Error.WriteLineAsync($"The database does not answer: {fault.InnerException?.Message ?? fault.Message}. Check that the server runs and that CIRT_DATABASE or {DataFolder.FromEnvironment().DatabaseAccessFile} is right, then start again.");
            return 1;
        }
    }

    public static IReadOnlyList<IVerb> HostVerbs(ModuleCatalog catalog, DataFolder data) =>
    [
        new ServeVerb(catalog, data),
        new MigrateVerb(catalog, data),
        new RestoreVerb(catalog, data),
        new RunVerb(),
        new DatabaseVerb(),
        new HelpVerb(catalog, data),
        new VersionVerb(),
        new PluginVerb(data),
        new AnswersVerb(catalog, data),
        new ProvisionVerb(catalog, data),
        new DemoVerb(catalog, data),
        // Never through the modules: the process that reads hostile documents must not hold the settings or the database's key.
        new Kernel.Mail.Parse.ParseVerb(),
        new Kernel.Print.PrintVerb(),
        .. StandaloneProgram.Find().Select(p => new StandaloneVerb(p)),
    ];

    private static async Task<int> RunModuleVerbAsync(string name, string[] rest, ModuleCatalog catalog, DataFolder data, VerbOutput io, CancellationToken cancel)
    {
        var access = DatabaseAccess.Load(data.DatabaseAccessFile);
        await using var services = VerbServices.Build(catalog, data, access, out var modules);
        var type = modules.Modules.SelectMany(m => m.Verbs).FirstOrDefault(t => NameOf(t, services) == name);
        if (type is null)
        {
            await io.Error.WriteLineAsync($"There is no verb '{name}'. 'cirt help' lists them.");
            return 2;
        }
        var verb = (IVerb)ActivatorUtilities.CreateInstance(services, type);
        if (verb.NeedsServices && access is null)
            throw new VerbRefusedException($"'cirt {name}' needs the database, but {data.DatabaseAccessFile} is missing. Run 'cirt migrate' first, or set CIRT_DATA to the appliance's data folder.");
        await using var scope = services.CreateAsyncScope();
        return await verb.RunAsync(new(rest, scope.ServiceProvider), io, cancel);
    }

    /// <summary>A verb's name is a constant of its instance; verbs take their services from the input, so an uninitialised look is enough.</summary>
    private static string NameOf(Type type, IServiceProvider services) => ((IVerb)ActivatorUtilities.CreateInstance(services, type)).Name;
}

/// <summary>A verb refuses; the message is for the operator, in three parts.</summary>
internal sealed class VerbRefusedException(string message) : Exception(message);

/// <summary>Services for verbs that need none.</summary>
internal sealed class EmptyServices : IServiceProvider
{
    public static EmptyServices Instance { get; } = new();

    public object? GetService(Type serviceType) => null;
}
