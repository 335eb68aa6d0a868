using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Settings;

namespace Appliance.Kernel.Views;

/// <summary>What the console remembers, in the person's preferences.</summary>
internal sealed class Personal(PreferenceStore store) : IPersonal
{
    private const int Longest = 200;

    public async Task<TimeZoneInfo> ZoneAsync(Viewer viewer, CancellationToken cancel) =>
        TimeZoneInfo.TryFindSystemTimeZoneById((await LoadAsync(viewer, cancel)).TimeZone, out var zone) ? zone : TimeZoneInfo.Utc;

    public async Task KeepZoneAsync(Viewer viewer, string zone, CancellationToken cancel) =>
        await store.SaveAsync(viewer, await store.LoadAsync(viewer, cancel) with { TimeZone = zone }, cancel);

    public async Task<string?> RecallAsync(Viewer viewer, string key, CancellationToken cancel) =>
        (await LoadAsync(viewer, cancel)).Others?.GetValueOrDefault(key);

    public async Task KeepAsync(Viewer viewer, string key, string? value, CancellationToken cancel)
    {
        if (key.Length > Longest || value?.Length > Longest)
            return;
        var known = await store.LoadAsync(viewer, cancel);
        var others = new Dictionary<string, string>(known.Others ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (value is null)
            others.Remove(key);
        else
            others[key] = value;
        await store.SaveAsync(viewer, known with { Others = others }, cancel);
    }

    // How a page looks must not decide whether it opens: without its database the console still says what is wrong.
    private async Task<Preferences> LoadAsync(Viewer viewer, CancellationToken cancel)
    {
        try
        {
            return await store.LoadAsync(viewer, cancel);
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault))
        {
            return new Preferences();
        }
    }
}
