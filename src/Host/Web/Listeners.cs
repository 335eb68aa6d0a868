using System.Net;
using Appliance.Host.Verbs;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Appliance.Host.Web;

/// <summary>Where the host listens: https with the site's or its own certificate, and plain http on loopback only where a port is set for it.</summary>
internal static class Listeners
{
    public static void Open(KestrelServerOptions kestrel, IConfiguration configuration, DataFolder data)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 30L * 1024 * 1024;
        var address = Address(configuration["listen"]);
        var certificate = Certificate.LoadOrMake(data, address);
        var https = Port(configuration, "https-port", 8443);
        if (https > 0)
            kestrel.Listen(address, https, listen => listen.UseHttps(certificate));
        var http = Port(configuration, "http-port", 0);
        if (http > 0)
            kestrel.Listen(IPAddress.Loopback, http);
    }

    private static IPAddress Address(string? text) => text switch
    {
        null or "" => IPAddress.Loopback,
        _ when IPAddress.TryParse(text, out var address) => address,
        _ => throw new VerbRefusedException($"'{text}' is not an IP address. Give --listen an address of this machine, for example 0.0.0.0."),
    };

    private static int Port(IConfiguration configuration, string name, int otherwise) => configuration[name] switch
    {
        null => otherwise,
        var text when int.TryParse(text, out var port) && port is >= 0 and <= 65535 => port,
        var text => throw new VerbRefusedException($"'{text}' is not a port. Give --{name} a number from 1 to 65535, or 0 to close it."),
    };
}
