using Appliance.Host.Composition;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Verbs;

/// <summary>Lists the verbs of the host and of every module.</summary>
internal sealed class HelpVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    public string Name => "help";

    public string Summary => "list the verbs";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddSingleton(data).AddSingleton(TimeProvider.System).AddLogging();
        var modules = catalog.Find(new ConfigurationBuilder().Build()).Select(m => ModuleBuilder.Describe(m, services)).ToList();
        await using var provider = services.BuildServiceProvider();
        var verbs = VerbTable.HostVerbs(catalog, data).Concat(modules.SelectMany(m => m.Verbs).Select(t => (IVerb)ActivatorUtilities.CreateInstance(provider, t)));
        await io.Out.WriteLineAsync("cirt, the CIRT Appliance\n");
        foreach (var verb in verbs.OrderBy(v => v.Name, StringComparer.Ordinal))
            await io.Out.WriteLineAsync($"  cirt {verb.Name,-12} {verb.Summary}");
        return 0;
    }
}

/// <summary>Prints the release.</summary>
internal sealed class VersionVerb : IVerb
{
    public string Name => "version";

    public string Summary => "print the release";

    public bool NeedsServices => false;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        await io.Out.WriteLineAsync(typeof(VersionVerb).Assembly.GetName().Version!.ToString(3));
        return 0;
    }
}
