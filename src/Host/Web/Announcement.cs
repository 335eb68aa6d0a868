using Appliance.Kernel.Identity;
using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Appliance.Host.Web;

/// <summary>Says where the host answers, once it does.</summary>
internal static class Announcement
{
    public static async Task WriteAsync(WebApplication app, VerbOutput io, CancellationToken cancel)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        foreach (var address in addresses)
            await io.Out.WriteLineAsync($"listening on {address}");
        if (await app.Services.GetRequiredService<SetupLink>().IssueAsync(cancel) is { } path)
            await io.Out.WriteLineAsync($"set up the first administrator within an hour, once: {addresses.First()}{path}");
        await io.Out.FlushAsync(cancel);
    }
}
