using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Health;

/// <summary><c>cirt doctor</c>: the health page on a terminal. Ends with 1 when a check failed.</summary>
internal sealed class DoctorVerb : IVerb
{
    public string Name => "doctor";

    public string Summary => "check the appliance and say what to do";

    public bool NeedsServices => true;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var report = await input.Services.GetRequiredService<HealthBoard>().ReadAsync(cancel);
        var text = input.Services.GetRequiredService<IText>();
        foreach (var line in report.Lines)
        {
            var title = Say(text, $"{line.Name}.title", line.Name);
            var limit = line.Reading.Limit.Length > 0 ? $" (limit {line.Reading.Limit})" : "";
            await io.Out.WriteLineAsync($"{HealthEndpoint.Word(line.Reading.State),-9} {title}: {line.Reading.Value}{limit}");
            if (line.Reading.State != HealthState.Good && Say(text, $"{line.Name}.fix", "", line.Reading.Arguments) is { Length: > 0 } fix)
                await io.Out.WriteLineAsync($"          {fix}");
        }
        return report.State == HealthState.Failed ? 1 : 0;
    }

    private static string Say(IText text, string key, string otherwise, params object?[] arguments) =>
        text.Has(key) ? text.In(CultureInfo.GetCultureInfo("en"), key, arguments) : otherwise;
}
