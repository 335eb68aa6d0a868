using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Update;

/// <summary>A release as it came in.</summary>
/// <param name="Part">Where it lies.</param>
/// <param name="Name">As the sender called it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
internal sealed record GivenRelease(string Part, string Name, long Bytes, string Sha256);

/// <summary>Lays a release down for the machine, which alone decides whether it is one and who signed it.</summary>
internal sealed class GiveRelease(Database database, UpdateFolder folder) : Act<GivenRelease, Done>(database)
{
    public override Permission Permission => KernelPermissions.ManageUpdates;

    protected override Task<Outcome<Done>> HandleAsync(Work work, GivenRelease request, CancellationToken cancel)
    {
        if (ShowUpdate.Look(folder).IsBusy)
            return Task.FromResult<Outcome<Done>>(Refuse.Conflict("kernel.update.busy"));
        work.Audit("kernel.update.given", "appliance", new { request.Name, request.Bytes, request.Sha256 });
        return Task.FromResult<Outcome<Done>>(default(Done));
    }

    protected override Task CommittedAsync(GivenRelease request, Done answer, CancellationToken cancel)
    {
        File.Move(request.Part, folder.Release, overwrite: true);
        return Task.CompletedTask;
    }
}

/// <summary>Starts the machine again, so that a release that was written is tried.</summary>
internal sealed class RestartMachine(Database database, UpdateFolder folder) : Act<Done, Done>(database)
{
    public override Permission Permission => KernelPermissions.ManageUpdates;

    protected override Task<Outcome<Done>> HandleAsync(Work work, Done request, CancellationToken cancel)
    {
        if (!folder.IsOpen)
            return Task.FromResult<Outcome<Done>>(Refuse.Conflict("kernel.update.elsewhere"));
        work.Audit("kernel.machine.restarted", "appliance");
        return Task.FromResult<Outcome<Done>>(default(Done));
    }

    protected override Task CommittedAsync(Done request, Done answer, CancellationToken cancel) => File.WriteAllTextAsync(folder.Restart, "", cancel);
}
