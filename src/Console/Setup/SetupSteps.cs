using System.Reflection;
using Appliance.Contracts;
using Appliance.Kernel.Settings;
using Appliance.Ui;

namespace Appliance.Consoles.Setup;

/// <summary>One step of the first-run set-up.</summary>
/// <param name="Id">Part of the address: <c>organisation</c>.</param>
/// <param name="Order">Place in the sequence.</param>
/// <param name="TitleKey">Resource key of the title.</param>
/// <param name="Component">Draws it; has a parameter <c>EventCallback Finished</c>.</param>
internal sealed record SetupStep(string Id, int Order, string TitleKey, Type Component);

/// <summary>The steps of the set-up, the console's own and those that modules add, and which are behind us. Kept in a setting, so that it can be resumed by anyone.</summary>
internal sealed class SetupSteps(PageAssemblies pages, ISettings settings, ChangeSetting change)
{
    private const string StateKey = "setup.steps";

    /// <summary>All steps in order.</summary>
    public IReadOnlyList<SetupStep> All { get; } =
    [
        .. pages.Assemblies
            .SelectMany(a => a.GetTypes())
            .Select(t => (Type: t, Step: t.GetCustomAttribute<SetupStepAttribute>()))
            .Where(t => t.Step is not null)
            .Select(t => new SetupStep(IdOf(t.Type), t.Step!.Order, t.Step.TitleKey, t.Type))
            .OrderBy(s => s.Order),
    ];

    /// <summary>What became of each step: <c>done</c> or <c>skipped</c>; absent while it waits.</summary>
    public async Task<IReadOnlyDictionary<string, string>> StatesAsync(CancellationToken cancel) =>
        await settings.FindAsync<Dictionary<string, string>>(StateKey, cancel) ?? [];

    /// <summary>True while a step is neither done nor skipped and the set-up was not closed.</summary>
    public async Task<bool> IsOpenAsync(CancellationToken cancel) => !await settings.FindAsync<bool>(SettingKeys.SetupDone, cancel);

    /// <summary>Keeps what became of <paramref name="step"/>.</summary>
    public async Task<Outcome<Done>> MarkAsync(Viewer viewer, SetupStep step, string state, CancellationToken cancel)
    {
        var states = new Dictionary<string, string>(await StatesAsync(cancel)) { [step.Id] = state };
        return await change.RunAsync(viewer, new(StateKey, states), cancel);
    }

    /// <summary>Closes the set-up; skipped steps stay listed on its page.</summary>
    public Task<Outcome<Done>> CloseAsync(Viewer viewer, CancellationToken cancel) => change.RunAsync(viewer, new(SettingKeys.SetupDone, true), cancel);

    private static string IdOf(Type type) => type.Name.EndsWith("Step", StringComparison.Ordinal) ? type.Name[..^4].ToLowerInvariant() : type.Name.ToLowerInvariant();
}
