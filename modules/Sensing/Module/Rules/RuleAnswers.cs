using Appliance.Kernel.Answers;
using Appliance.Kernel.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Sensing.Rules;

/// <summary>Section <c>rules</c> of the answer file: where detection rules come from.</summary>
internal sealed class RuleAnswers : IAnswerSection
{
    public string Name => "rules";

    public int Order => 60;

    public string Summary => "where rules come from: name (one that the product brings is switched on by its name alone), url";

    public bool IsRepeatable => true;

    public string SetupStep => "rules";

    public AnswerStep Prepare(AnswerMap file)
    {
        var sources = file.Maps(Name, Read);
        return (run, cancel) => ApplyAsync(sources, run, cancel);
    }

    private static AddRuleSourceRequest Read(AnswerMap map)
    {
        var source = new AddRuleSourceRequest(map.Text("name", longest: 80), map.Text("url", "", 2000));
        if (source.Url.Length > 0 && OutgoingHttp.FaultOf(source.Url) is not null)
            map.Fault("url", "sensing.refused.source-url", source.Url);
        return source;
    }

    private async Task ApplyAsync(IReadOnlyList<AddRuleSourceRequest> sources, AnswerRun run, CancellationToken cancel)
    {
        var known = AnswerRun.Demand(Name, await run.Services.GetRequiredService<ListRuleSources>().RunAsync(run.Viewer, new(), cancel));
        foreach (var source in sources)
        {
            if (known.FirstOrDefault(k => k.Name == source.Name) is { } row)
                AnswerRun.Demand(Name, await run.Services.GetRequiredService<ChangeRuleSource>().RunAsync(run.Viewer, new(row.Id, Enabled: true, Fetch: row.Kind == "url"), cancel));
            else
                AnswerRun.Demand(Name, await run.Services.GetRequiredService<AddRuleSource>().RunAsync(run.Viewer, source, cancel));
            await run.Output.WriteLineAsync($"rules come from {source.Name}");
        }
    }
}
