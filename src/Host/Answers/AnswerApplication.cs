using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;

namespace Appliance.Host.Answers;

/// <summary>Applies a plan once: interrupted, the same file goes on where it stopped; a second time it changes nothing; another first file is refused.</summary>
internal sealed class AnswerApplication(IServiceProvider services, IText words)
{
    private const string AppliedKey = "answers.applied";
    private const string BegunKey = "answers.begun";
    private const string StepsKey = "setup.steps";

    private static readonly Viewer s_viewer = Viewer.System("cirt answers");

    public async Task<int> RunAsync(AnswerFile file, AnswerPlan plan, VerbOutput io, CancellationToken cancel)
    {
        var settings = services.GetRequiredService<ISettings>();
        var applied = await settings.FindAsync<List<AppliedFile>>(AppliedKey, cancel) ?? [];
        if (applied.Find(a => a.Digest == file.Digest) is { } before)
        {
            await io.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"this file was applied already, {before.At:yyyy-MM-dd HH:mm} UTC; nothing was changed"));
            return 0;
        }
        if (plan.IsFirst)
            await DemandFreshAsync(file, settings, applied, cancel);
        await PutAsync(BegunKey, file.Digest, cancel);
        var run = new AnswerRun(services, io.Out);
        foreach (var (section, step) in plan.Steps)
            await StepAsync(section, step, run, cancel);
        await MarkAsync(plan, settings, cancel);
        await PutAsync(AppliedKey, applied.Append(new(file.Digest, file.Signer, services.GetRequiredService<TimeProvider>().GetUtcNow())).TakeLast(100), cancel);
        await io.Out.WriteLineAsync($"applied, signed by {file.Signer}");
        return 0;
    }

    /// <summary>A first file is for a machine without people; only the one that was interrupted may find some.</summary>
    private async Task DemandFreshAsync(AnswerFile file, ISettings settings, List<AppliedFile> applied, CancellationToken cancel)
    {
        var begun = await settings.FindAsync<string>(BegunKey, cancel);
        var hasPeople = !await services.GetRequiredService<Kernel.Identity.SetupLink>().IsNeededAsync(cancel);
        if (begun != file.Digest && (hasPeople || applied.Count > 0))
            throw new OperatorFault(
                "This machine is set up already; nothing was changed.",
                "The file holds sections for a first set-up (organisation, people, machine or configuration).",
                "Change what it asks for in the console, or reset the machine to its factory state first.");
    }

    private async Task StepAsync(IAnswerSection section, AnswerStep step, AnswerRun run, CancellationToken cancel)
    {
        try
        {
            await step(run, cancel);
        }
        catch (AnswerRefusedException refused)
        {
            var reasons = refused.Refusals.Select(r => words.Has(r.Key) ? words.In(CultureInfo.GetCultureInfo("en"), r.Key, r.Arguments) : r.Key);
            throw new OperatorFault($"The section '{section.Name}' could not be applied; those before it are.", $"{refused.Path}: {string.Join("; ", reasons)}", "Mend the cause and apply the same file again: it goes on from there.");
        }
    }

    /// <summary>What the file answered the wizard does not ask again; second factor, mail and self-test stay for people.</summary>
    private async Task MarkAsync(AnswerPlan plan, ISettings settings, CancellationToken cancel)
    {
        var steps = await settings.FindAsync<Dictionary<string, string>>(StepsKey, cancel) ?? [];
        foreach (var step in plan.Steps.Select(s => s.Section.SetupStep).OfType<string>())
            steps[step] = "done";
        if (plan.IsFirst)
            await PutAsync(StepsKey, steps, cancel);
    }

    private async Task PutAsync(string key, object value, CancellationToken cancel) =>
        AnswerRun.Demand(key, await services.GetRequiredService<ChangeSetting>().RunAsync(s_viewer, new(key, value), cancel));

    private sealed record AppliedFile(string Digest, string Signer, DateTimeOffset At);
}
