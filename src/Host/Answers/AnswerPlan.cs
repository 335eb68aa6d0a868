using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Answers;

namespace Appliance.Host.Answers;

/// <summary>The whole file judged by all sections: every fault at once, or the steps in order.</summary>
internal sealed class AnswerPlan
{
    private const string Version = "1";

    private AnswerPlan(IReadOnlyList<(IAnswerSection Section, AnswerStep Step)> steps) => Steps = steps;

    public IReadOnlyList<(IAnswerSection Section, AnswerStep Step)> Steps { get; }

    /// <summary>True when it is for a machine that nobody has set up yet.</summary>
    public bool IsFirst => Steps.Any(s => !s.Section.IsRepeatable);

    /// <summary>Reads and judges; changes nothing.</summary>
    /// <exception cref="OperatorFault">With every fault and its place.</exception>
    public static async Task<AnswerPlan> MakeAsync(string text, IReadOnlyList<IAnswerSection> sections, string? key, bool mustOpen, IText words, CancellationToken cancel)
    {
        var faults = new List<AnswerFault>();
        var steps = new List<(IAnswerSection, AnswerStep)>();
        if (AnswerText.Read(text, faults) is { } tree)
        {
            var file = new AnswerMap(await AnswerSeal.OpenAsync(tree, key, mustOpen, faults, cancel), faults);
            if (file.Text("answers") is var version && version.Length > 0 && version != Version)
                file.Fault("answers", $"is {version}; this release reads {Version}");
            foreach (var section in sections.OrderBy(s => s.Order))
                if (file.Has(section.Name))
                    steps.Add((section, section.Prepare(file)));
            if (steps.Exists(s => !s.Item1.IsRepeatable))
                foreach (var missing in sections.Where(s => s.IsRequired && !file.Has(s.Name)))
                    file.Fault(missing.Name, "is missing");
            file.NoOthers();
        }
        return faults.Count == 0 ? new(steps) : throw Describe(faults, words);
    }

    private static OperatorFault Describe(List<AnswerFault> faults, IText words)
    {
        var lines = faults.OrderBy(f => f.Line).Select(f =>
        {
            var reason = words.Has(f.Reason) ? words.In(CultureInfo.GetCultureInfo("en"), f.Reason, f.Arguments) : f.Reason;
            return $"line {f.Line}: {f.Path} {reason}".Replace("  ", " ", StringComparison.Ordinal);
        });
        return new($"The answer file has {faults.Count} fault(s); nothing was changed.", string.Join("\n  ", lines), "Mend them all, sign it again, then try again.");
    }
}
