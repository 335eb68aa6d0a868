using System.Reflection;
using Appliance.Contracts;
using Appliance.Kernel.Acts;

namespace Appliance.Kernel.Update;

/// <summary>Where a release stands on its way into the machine.</summary>
/// <param name="IsAppliance">False where the machine is not the appliance image.</param>
/// <param name="Running">The release that runs.</param>
/// <param name="State">waiting, going, done, refused, or empty when none was given since the machine started.</param>
/// <param name="Said">The machine's own sentences.</param>
/// <param name="At">When it said them, UTC.</param>
public sealed record UpdateSheet(bool IsAppliance, string Running, string State, string Said, DateTimeOffset? At)
{
    /// <summary>True while another release cannot be given.</summary>
    public bool IsBusy => State is "waiting" or "going";
}

/// <summary>Says which release runs and what came of the last one that was given.</summary>
internal sealed class ShowUpdate(UpdateFolder folder) : Query<Done, UpdateSheet>
{
    public override Permission Permission => KernelPermissions.ManageUpdates;

    protected override Task<Outcome<UpdateSheet>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) => Task.FromResult<Outcome<UpdateSheet>>(Look(folder));

    internal static UpdateSheet Look(UpdateFolder folder)
    {
        var running = (Assembly.GetEntryAssembly() ?? typeof(ShowUpdate).Assembly).GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
        if (!folder.IsOpen)
            return new(false, running, "", "", null);
        var (word, said, at) = folder.Read();
        return new(true, running, word is not "going" && File.Exists(folder.Release) ? "waiting" : word, said, at);
    }
}
