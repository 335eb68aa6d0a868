using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Answers;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Directories.Import;

/// <summary>Section <c>constituents</c> of the answer file: the import's own sheet, as CSV in a text block. What is known already is extended, so it may be applied again.</summary>
internal sealed class ConstituentAnswers : IAnswerSection
{
    private const int Longest = 200_000;

    public string Name => "constituents";

    public int Order => 50;

    public string Summary => $"a text block in CSV with the columns of the import: {string.Join(", ", ImportSheet.Columns)}";

    public bool IsRepeatable => true;

    public string SetupStep => "constituents";

    public AnswerStep Prepare(AnswerMap file)
    {
        var content = Encoding.UTF8.GetBytes(file.Text(Name, "", Longest));
        var read = ImportSheet.Read(content, new(new Dictionary<string, ConstituentId>(StringComparer.OrdinalIgnoreCase), new Dictionary<string, string>()));
        if (!read.TryGet(out var sheet))
            file.Fault(Name, read.Refusals[0].Key, read.Refusals[0].Arguments);
        foreach (var fault in sheet?.Faults ?? [])
            file.FaultInside(Name, fault.Line, fault.Column, fault.Key, fault.Arguments);
        return (run, cancel) => ApplyAsync(content, run, cancel);
    }

    private async Task ApplyAsync(byte[] content, AnswerRun run, CancellationToken cancel)
    {
        var preview = AnswerRun.Demand(Name, await run.Services.GetRequiredService<PreviewImport>().RunAsync(run.Viewer, new("answers.csv", content), cancel));
        var result = AnswerRun.Demand(Name, await run.Services.GetRequiredService<ApplyImport>().RunAsync(run.Viewer, preview.Id, cancel));
        await run.Output.WriteLineAsync($"{result.Added} constituent(s) added, {result.Extended} extended, {result.Networks} network(s)");
    }
}
