using System.Reflection;
using Appliance.Host.Plugins;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyModel;

namespace Appliance.Host.Composition;

/// <summary>Finds the modules: every <see cref="IModule"/> in the assemblies that ship beside the host, in an order that respects what they require.</summary>
internal sealed class ModuleCatalog
{
    private readonly IReadOnlyList<Assembly> _assemblies = [.. OwnAssemblyNames().Select(Assembly.Load)];
    private IReadOnlyList<Plugin>? _plugins;

    /// <summary>What the plug-in folder held at start; nothing while it is switched off.</summary>
    public IReadOnlyList<Plugin> Plugins => _plugins ?? [];

    /// <summary>The modules that configuration has not switched off (<c>modules:{id} = false</c>).</summary>
    public IReadOnlyList<IModule> Find(IConfiguration configuration)
    {
        var found = _assemblies
            .SelectMany(a => a.GetTypes())
            .Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IModule)))
            .Select(t => (IModule)Activator.CreateInstance(t, nonPublic: true)!)
            .ToList();
        _plugins ??= PluginFolder.IsOn(configuration) ? PluginFolder.Of(configuration, DataFolder.FromEnvironment()).Load(found.Select(m => m.Id).ToHashSet()) : [];
        return Sort([.. found
            .Concat(_plugins.Select(p => p.Module).OfType<IModule>())
            .Where(m => m.Id == "kernel" || configuration.GetValue($"modules:{m.Id}", true))
            .OrderBy(m => m.Id == "kernel" ? 0 : 1)
            .ThenBy(m => m.Id, StringComparer.Ordinal)]);
    }

    /// <summary>Assemblies that hold routable pages.</summary>
    public IReadOnlyList<Assembly> PageAssemblies(ModuleSet modules) =>
        [.. modules.Modules.SelectMany(m => m.PageAssemblies).Distinct().Select(Load)];

    /// <summary>Assemblies that may hold texts.</summary>
    public IReadOnlyList<Assembly> TextAssemblies => [.. _assemblies, .. Plugins.SelectMany(p => p.Assemblies)];

    private Assembly Load(string name) =>
        Plugins.SelectMany(p => p.Assemblies).FirstOrDefault(a => a.GetName().Name == name) ?? Assembly.Load(new AssemblyName(name));

    private static List<IModule> Sort(List<IModule> modules)
    {
        var sorted = new List<IModule>();
        while (modules.Count > 0)
        {
            var next = modules.Find(m => m.Requires.All(r => sorted.Exists(s => s.Id == r)))
                ?? throw new ModuleRefusedException($"Modules cannot start: {string.Join(", ", modules.Select(m => $"{m.Id} requires {string.Join(" ", m.Requires)}"))}. Switch the required modules on, or these off, under 'modules:' in the configuration.");
            sorted.Add(next);
            modules.Remove(next);
        }
        return sorted;
    }

    private static IEnumerable<string> OwnAssemblyNames() =>
        (DependencyContext.Default ?? DependencyContext.Load(typeof(ModuleCatalog).Assembly)!)
            .RuntimeLibraries
            .Where(l => l.Name.StartsWith("Appliance.", StringComparison.Ordinal) || l.Name == "cirt")
            .Where(l => !l.Name.Contains("Tests", StringComparison.Ordinal) && !l.Name.EndsWith("Analyzers", StringComparison.Ordinal) && !l.Name.EndsWith("Engine", StringComparison.Ordinal))
            .SelectMany(l => l.GetDefaultAssemblyNames(DependencyContext.Default!))
            .Select(n => n.Name!)
            .Distinct()
            .Order(StringComparer.Ordinal);
}
