using System.Net;
using Appliance.Kernel.Answers;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Sensing.Sensors;

/// <summary>Section <c>sensor</c> of the answer file: what the sensor of this machine listens to, and which networks are ours.</summary>
internal sealed class ListeningAnswers : IAnswerSection
{
    public string Name => "sensor";

    public int Order => 40;

    public string Summary => "what the sensor of this machine listens to: interfaces, homeNetworks";

    public string SetupStep => "network";

    public AnswerStep Prepare(AnswerMap file)
    {
        var choice = file.Map(Name, Read);
        return (run, cancel) => ApplyAsync(choice!, run, cancel);
    }

    private static ConfigureSensorRequest Read(AnswerMap map)
    {
        var (interfaces, networks) = (map.Texts("interfaces"), map.Texts("homeNetworks"));
        foreach (var name in interfaces.Where(i => !NetworkInterfaces.IsName(i)))
            map.Fault("interfaces", "sensing.refused.interface", name);
        foreach (var network in networks.Where(n => !IPNetwork.TryParse(n, out _)))
            map.Fault("homeNetworks", "sensing.refused.network", network);
        return new(0, interfaces, networks);
    }

    private async Task ApplyAsync(ConfigureSensorRequest choice, AnswerRun run, CancellationToken cancel)
    {
        var folders = await run.Services.GetRequiredService<SensorFolders>().RegisterAsync(cancel);
        if (folders.FirstOrDefault(f => f.IsOurs) is not { } ours)
            return;
        AnswerRun.Demand(Name, await run.Services.GetRequiredService<ConfigureSensor>().RunAsync(run.Viewer, choice with { Sensor = ours.Id }, cancel));
        await run.Output.WriteLineAsync($"the sensor listens on {string.Join(", ", choice.Interfaces)}");
    }
}
