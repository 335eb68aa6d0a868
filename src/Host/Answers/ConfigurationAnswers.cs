using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Host.Composition;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Answers;

/// <summary>Section <c>configuration</c>: any setting of the reference, judged by the module that owns it, and kept in <c>config.json</c>.</summary>
internal sealed class ConfigurationAnswers(ModuleSet modules) : IAnswerSection
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public string Name => "configuration";

    public int Order => 1;

    public string Summary => "settings of the configuration reference, by full name: kernel:mail:from: cirt@example.org";

    public AnswerStep Prepare(AnswerMap file)
    {
        var settings = file.Map(Name, Read) ?? [];
        return (run, cancel) => ApplyAsync(settings, run, cancel);
    }

    private Dictionary<string, string?> Read(AnswerMap map)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in map.Names)
        {
            var value = map.Text(name, "");
            if (modules.Modules.All(m => !name.StartsWith(m.Module.Id + ":", StringComparison.OrdinalIgnoreCase)) && !name.StartsWith("modules:", StringComparison.Ordinal))
                map.Fault(name, "begins with no module's id");
            else
                settings[name] = value;
        }
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        foreach (var options in modules.Modules.SelectMany(m => m.Options))
            foreach (var fault in HostServices.Faults(options, configuration))
                map.Fault("", fault);
        return settings;
    }

    private static async Task ApplyAsync(Dictionary<string, string?> settings, AnswerRun run, CancellationToken cancel)
    {
        var file = Path.Combine(run.Services.GetRequiredService<DataFolder>().Root, "config.json");
        var config = File.Exists(file) ? JsonNode.Parse(await File.ReadAllTextAsync(file, cancel))!.AsObject() : [];
        foreach (var (name, value) in settings)
            Put(config, name.Split(':'), value ?? "");
        await File.WriteAllTextAsync(file + ".new", config.ToJsonString(s_json), cancel);
        File.Move(file + ".new", file, overwrite: true);
        await run.Output.WriteLineAsync($"{settings.Count} setting(s) stand in {file}, in force from the next start");
    }

    private static void Put(JsonObject config, string[] names, string value)
    {
        var place = config;
        foreach (var name in names[..^1])
        {
            if (place[name] is not JsonObject inner)
                place[name] = inner = [];
            place = inner;
        }
        place[names[^1]] = value;
    }
}
