using Appliance.Host.Composition;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Plugins;

/// <summary>The health page's line about plug-ins: what runs, and what was refused and why.</summary>
internal sealed class PluginProbe(ModuleCatalog catalog) : IHealthProbe
{
    public string Name => "kernel.health.plugins";

    public Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var refused = catalog.Plugins.Where(p => p.Refused is not null).ToList();
        var running = string.Join(", ", catalog.Plugins.Where(p => p.Refused is null).Select(p => $"{p.Id} {p.Version}"));
        return Task.FromResult(refused.Count == 0
            ? new HealthReading(HealthState.Good, running.Length > 0 ? running : "0")
            : new HealthReading(HealthState.Failed, running.Length > 0 ? running : "0", "", string.Join("; ", refused.Select(p => $"{p.Id}: {p.Refused}"))));
    }
}
