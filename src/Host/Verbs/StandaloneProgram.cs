using System.Reflection;

namespace Appliance.Host.Verbs;

/// <summary>A program that shares the executable but nothing else: no catalogue, no web host, no database in its process.</summary>
/// <remarks>
/// An engine assembly names its program by <c>[assembly: AssemblyMetadata("cirt-verb", "sensor=Namespace.Type=summary")]</c>; the type has
/// <c>static Task&lt;int&gt; RunAsync(string[], TextWriter, TextWriter, CancellationToken)</c>. The host knows no engine by name.
/// Nothing here may touch the kernel, a module or a package: what is named here is loaded into the sensor's process, and its memory is counted.
/// </remarks>
internal sealed class StandaloneProgram(string name, string summary, Assembly assembly, string type)
{
    private delegate Task<int> Program(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancel);

    public string Name => name;

    public string Summary => summary;

    /// <summary>Runs the program that the first argument names; null when it names none.</summary>
    public static Task<int>? TryRun(string[] args)
    {
        if (args is not [var asked, .. var rest] || Find().FirstOrDefault(p => p.Name == asked) is not { } found)
            return null;
        // these programs write for machines, in one language: the tables of all others stay on the disk
        AppContext.SetSwitch("System.Globalization.Invariant", true);
        return found.RunToEndAsync(rest);
    }

    public Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var method = assembly.GetType(type, throwOnError: true)!.GetMethod("RunAsync", BindingFlags.Public | BindingFlags.Static)
            ?? throw new InvalidOperationException($"The engine {assembly.GetName().Name} names {type} for 'cirt {name}', which has no RunAsync. Install a matching release.");
        return method.CreateDelegate<Program>()(arguments, output, error, cancel);
    }

    /// <summary>The programs of all engines that ship beside the host.</summary>
    public static IEnumerable<StandaloneProgram> Find()
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "Appliance.*.Engine.dll").Order(StringComparer.Ordinal))
        {
            var assembly = Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(file)));
            foreach (var entry in assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Where(a => a.Key == "cirt-verb"))
            {
                var parts = entry.Value!.Split('=', 3);
                yield return new StandaloneProgram(parts[0], parts.Length > 2 ? parts[2] : "", assembly, parts[1]);
            }
        }
    }

    private async Task<int> RunToEndAsync(string[] arguments)
    {
        using var stop = new StopSignals();
        try
        {
            return await RunAsync(arguments, Console.Out, Console.Error, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return 130;
        }
    }
}
