using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Bulk;

/// <summary>The acts on many of the modules that are switched on, by name.</summary>
internal sealed class BulkCatalog(ModuleSet modules, IServiceScopeFactory scopes)
{
    private readonly FrozenDictionary<string, Type> _types = modules.Modules.SelectMany(m => m.BulkActs).ToFrozenDictionary(b => b.Name, b => b.ActType);
    private readonly Dictionary<string, bool> _takesBack = [];
    private readonly Lock _lock = new();

    /// <summary>The act, from a scope of the caller's; null where its module is switched off or it is of another release.</summary>
    public IBulkAct? Find(IServiceProvider services, string name) => _types.TryGetValue(name, out var type) ? (IBulkAct)services.GetRequiredService(type) : null;

    /// <summary>True when what the act does can be taken back.</summary>
    public bool TakesBack(string name)
    {
        lock (_lock)
        {
            if (_takesBack.TryGetValue(name, out var known))
                return known;
            using var scope = scopes.CreateScope();
            return _takesBack[name] = Find(scope.ServiceProvider, name) is { TakesBack: true };
        }
    }
}

/// <summary>Wakes the worker when an act begins, and tells circuits of this process when one moved on. Thread-safe.</summary>
internal sealed class BulkBell
{
    private readonly SemaphoreSlim _work = new(0, 1);

    /// <summary>Raised with the person one of whose acts moved on.</summary>
    public event Action<UserId>? Moved;

    public void Tell(UserId user) => Moved?.Invoke(user);

    public void Ring()
    {
        lock (_work)
            if (_work.CurrentCount == 0)
                _work.Release();
    }

    /// <summary>Waits for the next ring, or a second: an act may have been stored by another process.</summary>
    public Task WaitAsync(CancellationToken cancel) => _work.WaitAsync(TimeSpan.FromSeconds(1), cancel);
}
