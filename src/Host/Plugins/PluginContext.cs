using System.Reflection;
using System.Runtime.Loader;
using Appliance.Host.Trust;

namespace Appliance.Host.Plugins;

/// <summary>A plug-in's own room for assemblies. What the host has is the host's, so that contracts are the same types on both sides; the rest comes from the bytes that were checked, never again from the disk.</summary>
internal sealed class PluginContext(string id, IReadOnlyDictionary<string, byte[]> files) : AssemblyLoadContext($"plugin {id}")
{
    public Assembly LoadModule(string file) => Read(file) ?? throw new UntrustedException($"{file} is not among its files");

    /// <summary>All assemblies of the plug-in, loaded.</summary>
    public IReadOnlyList<Assembly> LoadAll() => [.. files.Keys.Where(f => f.EndsWith(".dll", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(f => LoadModule(f))];

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (IsTheHosts(assemblyName))
            return null;
        return Read($"{assemblyName.Name}.dll");
    }

    private static bool IsTheHosts(AssemblyName name)
    {
        try
        {
            return Default.LoadFromAssemblyName(name) is not null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or FileLoadException)
        {
            return false;
        }
    }

    private Assembly? Read(string file)
    {
        if (Assemblies.FirstOrDefault(a => $"{a.GetName().Name}.dll" == file) is { } loaded)
            return loaded;
        if (!files.TryGetValue(file, out var bytes))
            return null;
        using var stream = new MemoryStream(bytes, writable: false);
        return LoadFromStream(stream);
    }
}
