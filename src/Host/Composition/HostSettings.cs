using Appliance.Kernel.Data;

namespace Appliance.Host.Composition;

/// <summary>Where the host finds its configuration: <c>config.json</c> in the data folder, then <c>CIRT_</c> variables, then the command line.</summary>
internal static class HostSettings
{
    public static IConfigurationRoot Load(DataFolder data, IReadOnlyList<string> arguments) => new ConfigurationBuilder()
        .AddJsonFile(Path.Combine(data.Root, "config.json"), optional: true, reloadOnChange: false)
        .AddEnvironmentVariables("CIRT_")
        .AddCommandLine([.. arguments])
        .Build();
}
