using Appliance.Contracts;
using Appliance.Host.Plugins;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Ui;

namespace Appliance.Host.Composition;

/// <summary>What every role of the host needs besides modules and database: texts, module states, the data folder's helpers.</summary>
internal static class HostBasics
{
    public static IServiceCollection AddHostBasics(this IServiceCollection services, ModuleCatalog catalog, ModuleSet modules, DataFolder data)
    {
        services.AddLogging(b => b.AddSimpleConsole(c =>
        {
            c.SingleLine = true;
            c.UseUtcTimestamp = true;
            c.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        }).AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Quartz", LogLevel.Warning));
        services.AddUi(catalog.TextAssemblies, ui => ui.PseudoLocale = Environment.GetEnvironmentVariable("CIRT_PSEUDO_LOCALE") == "1");
        services.AddSingleton<ModuleStates>();
        services.AddSingleton<IHealthProbe>(s => s.GetRequiredService<ModuleStates>());
        if (catalog.Plugins.Count > 0)
            services.AddSingleton<IHealthProbe>(new PluginProbe(catalog));
        return services;
    }
}
