using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Health.Acceptance;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Health;

/// <summary><c>cirt doctor</c>: the health page on a terminal. Ends with 1 when a check failed.</summary>
internal sealed class DoctorVerb : IVerb
{
    public string Name => "doctor";

    public string Summary => "check the appliance and say what to do; --acceptance [--size lite|standard|enhanced] measures the machine itself";

    public bool NeedsServices => true;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        switch (input.Arguments.ToArray())
        {
            case []:
                break;
            case ["--acceptance"]:
                return await AcceptAsync(MachineSize.All[0], input.Services, io, cancel);
            case ["--acceptance", "--size", var name] when MachineSize.All.FirstOrDefault(s => s.Name == name) is { } size:
                return await AcceptAsync(size, input.Services, io, cancel);
            default:
                throw new OperatorFault("The verb 'doctor' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", "Write: cirt doctor [--acceptance [--size lite|standard|enhanced]]");
        }
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

    /// <summary>Each measurement as pass, or what to change. The health of the running appliance comes after it: both make the acceptance.</summary>
    private static async Task<int> AcceptAsync(MachineSize size, IServiceProvider services, VerbOutput io, CancellationToken cancel)
    {
        var isEnough = true;
        foreach (var check in services.GetServices<IAcceptanceCheck>())
            foreach (var reading in await check.MeasureAsync(size, cancel))
            {
                isEnough &= reading.IsEnough;
                await io.Out.WriteLineAsync($"{(reading.IsEnough ? "pass" : "change"),-7} {reading.What}: {reading.Measured} (wanted {reading.Wanted})");
                if (!reading.IsEnough)
                    await io.Out.WriteLineAsync($"        {reading.Change}");
            }
        await io.Out.WriteLineAsync(isEnough ? $"This machine is fit for the size {size.Name}." : $"This machine is not yet fit for the size {size.Name}.");
        return isEnough ? 0 : 1;
    }

    private static string Say(IText text, string key, string otherwise, params object?[] arguments) =>
        text.Has(key) ? text.In(CultureInfo.GetCultureInfo("en"), key, arguments) : otherwise;
}
