using Appliance.Kernel.Modules;

namespace Appliance.Host.Composition;

/// <summary>Starts modules in order and stops them in reverse. One that fails leaves the rest running behind a banner and a failed check.</summary>
internal static class ModuleLifecycle
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);

    public static async Task StartAsync(IServiceProvider services, CancellationToken cancel)
    {
        var state = services.GetRequiredService<ModuleStates>();
        var log = services.GetRequiredService<ILogger<ModuleStates>>();
        foreach (var module in services.GetRequiredService<ModuleSet>().Modules)
        {
            try
            {
                await module.Module.StartAsync(services, cancel);
                state.Started(module.Module.Id);
            }
            catch (Exception fault) when (fault is not OperationCanceledException && module.Module.Id != "kernel")
            {
                // The kernel's failure stops the box; any other module's is shown and the rest goes on.
                state.Failed(module.Module.Id, fault.Message);
                HostLog.ModuleFailed(log, module.Module.Id, fault);
            }
        }
    }

    public static async Task StopAsync(IServiceProvider services)
    {
        var log = services.GetRequiredService<ILogger<ModuleStates>>();
        foreach (var module in services.GetRequiredService<ModuleSet>().Modules.Reverse())
        {
            using var deadline = new CancellationTokenSource(s_deadline);
            try
            {
                await module.Module.StopAsync(deadline.Token);
            }
            catch (Exception fault)
            {
                HostLog.ModuleStopFailed(log, module.Module.Id, fault);
            }
        }
    }
}

/// <summary>Which modules run, for the banner and the health page.</summary>
internal sealed class ModuleStates : IHealthProbe
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, string?> _states = new();

    public string Name => "kernel.health.modules";

    public void Started(string id) => _states[id] = null;

    public void Failed(string id, string reason) => _states[id] = reason;

    public Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var failed = _states.Where(s => s.Value is not null).ToList();
        return Task.FromResult(failed.Count == 0
            ? new HealthReading(HealthState.Good, $"{_states.Count}", $"{_states.Count}")
            : new HealthReading(HealthState.Failed, $"{_states.Count - failed.Count}", $"{_states.Count}", string.Join("; ", failed.Select(f => $"{f.Key}: {f.Value}"))));
    }
}
