using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Composition;

/// <summary>The services of a verb that runs beside the host: modules and database, no web.</summary>
internal static class VerbServices
{
    public static ServiceProvider Build(ModuleCatalog catalog, DataFolder data, DatabaseAccess? access, out ModuleSet modules)
    {
        var configuration = HostSettings.Load(data, []);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        modules = services.AddModules(catalog, configuration);
        if (access is not null)
            services.AddDatabase(data, access);
        else
            services.AddSingleton(data).AddSingleton(TimeProvider.System);
        services.AddHostBasics(catalog, modules, data);
        return services.BuildServiceProvider();
    }
}
