using System.Reflection;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyModel;

namespace Appliance.Host.Verbs;

/// <summary>A program that shares the executable but nothing else: no catalogue, no web host, no database in its process.</summary>
/// <remarks>
/// An engine assembly names its program by <c>[assembly: AssemblyMetadata("cirt-verb", "sensor=Namespace.Type")]</c>; the type has
/// <c>static Task&lt;int&gt; RunAsync(string[], TextWriter, TextWriter, CancellationToken)</c>. The host knows no engine by name.
/// </remarks>
internal sealed class StandaloneVerb(string name, string summary, Assembly assembly, string type) : IVerb
{
    private delegate Task<int> Program(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancel);

    public string Name => name;

    public string Summary => summary;

    public bool NeedsServices => false;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var method = assembly.GetType(type, throwOnError: true)!.GetMethod("RunAsync", BindingFlags.Public | BindingFlags.Static)
            ?? throw new VerbRefusedException($"The engine {assembly.GetName().Name} names {type} for 'cirt {name}', which has no RunAsync. Install a matching release.");
        return method.CreateDelegate<Program>()([.. input.Arguments], io.Out, io.Error, cancel);
    }

    /// <summary>The programs of all engines that ship beside the host.</summary>
    public static IEnumerable<StandaloneVerb> Find()
    {
        var context = DependencyContext.Default ?? DependencyContext.Load(typeof(StandaloneVerb).Assembly)!;
        foreach (var library in context.RuntimeLibraries.Where(l => l.Name.StartsWith("Appliance.", StringComparison.Ordinal) && l.Name.EndsWith(".Engine", StringComparison.Ordinal)))
        {
            var assembly = Assembly.Load(new AssemblyName(library.Name));
            foreach (var entry in assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Where(a => a.Key == "cirt-verb"))
            {
                var parts = entry.Value!.Split('=', 3);
                yield return new StandaloneVerb(parts[0], parts.Length > 2 ? parts[2] : "", assembly, parts[1]);
            }
        }
    }
}
