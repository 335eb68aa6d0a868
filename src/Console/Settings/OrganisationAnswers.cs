using Appliance.Contracts;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Consoles.Settings;

/// <summary>Section <c>organisation</c> of the answer file: the same fields as the form, judged by the same rules.</summary>
internal sealed class OrganisationAnswers : IAnswerSection
{
    public string Name => "organisation";

    public int Order => 10;

    public string Summary => "who the team is: name, country, mail, address, language";

    public bool IsRequired => true;

    public string SetupStep => "organisation";

    public AnswerStep Prepare(AnswerMap file)
    {
        var fields = file.Map(Name, Read);
        return (run, cancel) => ApplyAsync(fields!, run, cancel);
    }

    private static OrganisationFields Read(AnswerMap map)
    {
        var fields = new OrganisationFields(map.Text("name", ""), map.Text("country", ""), map.Text("mail", ""), map.Text("address", ""), map.Choice("language", [.. Languages.All]));
        map.Fault(fields.Check());
        return fields;
    }

    private async Task ApplyAsync(OrganisationFields fields, AnswerRun run, CancellationToken cancel)
    {
        var change = run.Services.GetRequiredService<ChangeSetting>();
        foreach (var setting in fields.Changes())
            AnswerRun.Demand(Name, await change.RunAsync(run.Viewer, setting, cancel));
        await run.Output.WriteLineAsync($"the team is {fields.Name.Trim()}");
    }
}
