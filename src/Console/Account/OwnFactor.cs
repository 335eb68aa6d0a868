using Appliance.Contracts;
using Appliance.Kernel.Identity;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Consoles.Account;

/// <summary>Whether one's own second factor is on.</summary>
internal sealed class OwnFactor(IUserStore<User> users)
{
    public async Task<bool> IsEnabledAsync(Viewer viewer, CancellationToken cancel) =>
        await users.FindByIdAsync(viewer.Id.ToString(), cancel) is { TotpEnabled: true };
}
