using System.Net;
using System.Net.Sockets;

namespace Appliance.Kernel.Http;

/// <summary>Which addresses the appliance may call. Decided on the address that is dialled, after name resolution, so that no spelling and no changing name gets around it.</summary>
internal sealed class AddressPolicy
{
    private static readonly IPNetwork[] s_inside =
    [
        .. from text in new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }
        select IPNetwork.Parse(text),
    ];

    private readonly IPNetwork[] _networks;
    private readonly HashSet<string> _places;

    public AddressPolicy(HttpOptions options)
    {
        _networks = [.. options.Allow.Select(Network).OfType<IPNetwork>()];
        _places = [.. options.Allow.Where(a => Network(a) is null).Select(a => a.Trim().ToLowerInvariant())];
        if (Uri.TryCreate(options.Proxy, UriKind.Absolute, out var proxy))
            _places.Add(Place(proxy.IdnHost, proxy.Port));
    }

    /// <summary>True when <paramref name="address"/>, reached under the name <paramref name="host"/>, may be dialled.</summary>
    public bool Allows(string host, IPAddress address, int port)
    {
        var plain = Plain(address);
        if (_places.Contains(Place(host, port)) || _places.Contains(Place(plain.ToString(), port)) || Array.Exists(_networks, n => n.Contains(plain)))
            return true;
        return !IsInside(plain);
    }

    /// <summary>True for an address that is not on the public Internet, whichever way it is wrapped.</summary>
    public static bool IsInside(IPAddress address)
    {
        address = Plain(address);
        if (Array.Exists(s_inside, n => n.Contains(address)))
            return true;
        return Embedded(address) is { } inner && IsInside(inner);
    }

    public static IEnumerable<string> Faults(HttpOptions options)
    {
        foreach (var entry in options.Allow)
            if (Network(entry) is null && !IsPlace(entry))
                yield return $"http:allow has '{entry}'; write a network as 10.1.0.0/16 or a place as host:port.";
        if (options.Proxy.Length > 0 && !(Uri.TryCreate(options.Proxy, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https"))
            yield return $"http:proxy is '{options.Proxy}'; write http://host:port.";
        if (options.AuthoritiesFile.Length > 0 && !File.Exists(options.AuthoritiesFile))
            yield return $"http:authoritiesFile '{options.AuthoritiesFile}' does not exist; name a PEM file.";
        if (options.TimeoutSeconds is < 1 or > 3600)
            yield return $"http:timeoutSeconds is {options.TimeoutSeconds}; choose 1 to 3600.";
    }

    /// <summary>An IPv4 address that was written as IPv6 counts as what it is; scopes do not matter.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } ? new IPAddress(address.GetAddressBytes())
        : address;

    /// <summary>The IPv4 address inside NAT64 (RFC 6052), 6to4 (RFC 3056) and ISATAP (RFC 5214) addresses, or null.</summary>
    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        var bytes = address.GetAddressBytes();
        if (bytes is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..])
            return new(bytes.AsSpan(12));
        if (bytes is [0x20, 0x02, ..])
            return new(bytes.AsSpan(2, 4));
        return bytes is [_, _, _, _, _, _, _, _, 0x00 or 0x02, 0x00, 0x5e, 0xfe, ..] ? new(bytes.AsSpan(12)) : null;
    }

    private static string Place(string host, int port) => $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host.ToLowerInvariant())}:{port}";

    private static IPNetwork? Network(string text) => text.Contains('/', StringComparison.Ordinal) && IPNetwork.TryParse(text.Trim(), out var network) ? network : null;

    private static bool IsPlace(string text) =>
        Uri.TryCreate($"http://{text.Trim()}/", UriKind.Absolute, out var uri) && uri.AbsolutePath == "/" && text.Contains(':', StringComparison.Ordinal) && text.Trim().EndsWith($":{uri.Port}", StringComparison.Ordinal);
}
