using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Npgsql;

namespace Appliance.Host.Composition;

/// <summary>The services that every role with a database shares: modules described, options bound and checked together, the database as the application role.</summary>
internal static class HostServices
{
    /// <summary>Describes all modules into <paramref name="services"/>. Throws with every fault of every option at once.</summary>
    public static ModuleSet AddModules(this IServiceCollection services, ModuleCatalog catalog, IConfiguration configuration)
    {
        var modules = new ModuleSet([.. catalog.Find(configuration).Select(m => ModuleBuilder.Describe(m, services))]);
        var faults = modules.Modules.SelectMany(m => m.Options).SelectMany(o => Faults(o, configuration)).ToList();
        if (faults.Count > 0)
            throw new ModuleRefusedException($"The configuration has {faults.Count} fault(s):\n  {string.Join("\n  ", faults)}\nCorrect config.json or the CIRT_ variables and start again.");
        services.AddSingleton(modules);
        return modules;
    }

    public static IServiceCollection AddDatabase(this IServiceCollection services, DataFolder data, DatabaseAccess access) => services
        .AddSingleton(data)
        .AddSingleton(TimeProvider.System)
        .AddSingleton(NpgsqlDataSource.Create(access.AppConnection()))
        .AddSingleton<Database>();

    public static IEnumerable<string> Faults(OptionsRegistration options, IConfiguration configuration)
    {
        object bound;
        try
        {
            bound = configuration.GetSection(options.Section).Get(options.Type) ?? Activator.CreateInstance(options.Type)!;
        }
        catch (InvalidOperationException fault)
        {
            return [$"{options.Section}: {fault.Message}"];
        }
        return options.Faults(bound).Select(f => $"{options.Section}: {f}");
    }
}
