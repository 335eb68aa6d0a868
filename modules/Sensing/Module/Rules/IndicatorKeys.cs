using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;

namespace Appliance.Sensing.Rules;

/// <summary>One form for each value that a sensor can look for, so that what was accepted and what was seen meet in an index.</summary>
internal static class IndicatorKeys
{
    /// <summary>The types that become part of a generation.</summary>
    public static bool Supports(string type) => type is "ipv4" or "ipv6" or "ipv4_cidr" or "ipv6_cidr" or "domain" or "url" or "md5" or "sha1" or "sha256";

    /// <summary>Addresses and networks share one kind; the others are their type.</summary>
    public static string KindOf(string type) => type is "ipv4" or "ipv6" or "ipv4_cidr" or "ipv6_cidr" ? "address" : type;

    /// <summary>
    /// The value as it is looked for, or null when it is not what its type says: an address or a network as .NET writes it, a name in lower case without its last dot,
    /// a digest in lower case, an absolute http or https address as it is.
    /// </summary>
    public static string? Of(string type, string value)
    {
        value = value.Trim();
        return type switch
        {
            "md5" => Digest(value, 32),
            "sha1" => Digest(value, 40),
            "sha256" => Digest(value, 64),
            "domain" => Name(value),
            "url" => Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && (Name(uri.Host) is not null || IPAddress.TryParse(uri.Host, out _)) ? value : null,
            _ when KindOf(type) == "address" => Network(value),
            _ => null,
        };
    }

    /// <summary>All keys under which an indicator could stand that <paramref name="seen"/> fulfils: the value, the names above it, the networks around it.</summary>
    public static IEnumerable<string> Around(Observable seen)
    {
        if (KindOf(seen.Type) == "address" && IPAddress.TryParse(seen.Value, out var address))
        {
            yield return address.ToString();
            for (var bits = address.AddressFamily == AddressFamily.InterNetwork ? 31 : 127; bits >= ShortestPrefix(address); bits--)
                yield return Network(address, bits);
        }
        else if (seen.Type == "domain" && Name(seen.Value) is { } name)
        {
            for (var rest = name; rest.Contains('.', StringComparison.Ordinal); rest = rest[(rest.IndexOf('.', StringComparison.Ordinal) + 1)..])
                yield return rest;
        }
        else if (Of(seen.Type, seen.Value) is { } key)
        {
            yield return key;
        }
    }

    // A wider network is a mistake of who wrote it: half a continent would be an alert.
    private static int ShortestPrefix(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 8 : 16;

    private static string? Network(string value)
    {
        if (IPAddress.TryParse(value, out var address))
            return value.Contains('%', StringComparison.Ordinal) ? null : address.ToString();
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(value.AsSpan(0, slash), out address) || !int.TryParse(value.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits))
            return null;
        var most = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return bits < ShortestPrefix(address) || bits > most ? null : bits == most ? address.ToString() : Network(address, bits);
    }

    private static string Network(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(bits - (8 * i), 0, 8));
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{bits}");
    }

    private static string? Digest(string value, int digits) => value.Length == digits && value.All(char.IsAsciiHexDigit) ? value.ToLowerInvariant() : null;

    private static string? Name(string value)
    {
        var name = value.TrimEnd('.').ToLowerInvariant();
        return name.Length is > 3 and <= 253 && name.Contains('.', StringComparison.Ordinal) && !name.StartsWith('.') && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? name : null;
    }
}
