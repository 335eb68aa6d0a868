using Appliance.Kernel.Settings;
using Appliance.Ui;

namespace Appliance.Consoles.Settings;

/// <summary>The mark of the sample country is a setting, so that it goes with it.</summary>
internal sealed class SampleMark(ISettings settings) : ISampleMark
{
    public ValueTask<bool> IsPresentAsync(CancellationToken cancel) => settings.FindAsync<bool>(SettingKeys.SamplePresent, cancel);
}
