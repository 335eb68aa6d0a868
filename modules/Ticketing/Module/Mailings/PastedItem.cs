using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;
using Appliance.Kernel.Mail.Parse;

namespace Appliance.Ticketing.Mailings;

/// <summary>Something that has an owner.</summary>
/// <param name="Type">ipv4, ipv6, ipv4_cidr, ipv6_cidr, domain, url, email or asn.</param>
/// <param name="Value">Refanged and in its usual form.</param>
internal readonly record struct PastedThing(string Type, string Value)
{
    public bool IsAddress => Type is "ipv4" or "ipv6" or "ipv4_cidr" or "ipv6_cidr";

    private const int Longest = 2048;

    private static readonly string[] s_owned = ["ipv4", "ipv6", "ipv4_cidr", "domain", "url", "email", "asn"];

    /// <summary>What a cell names when it names nothing else; with the port that stood behind an address, or null.</summary>
    public static (PastedThing Thing, int? Port)? OfCell(string cell)
    {
        var text = cell.Trim().Trim('"', '\'', '<', '>').Trim();
        if (text.Length is 0 or > Longest)
            return null;
        if (OfNetwork(text) is { } plain)
            return (plain, null);
        var clear = TraceText.Refanged(text).Trim();
        if (OfNetwork(clear.StartsWith('[') && clear.EndsWith(']') ? clear[1..^1] : clear) is { } network)
            return (network, null);
        if (WithPort(clear) is { } ported)
            return ported;
        var found = TraceText.Find(text);
        return found is [var (trace, raw)] && s_owned.Contains(trace.Type) && raw.Trim().Length >= text.TrimEnd('.', '/').Length ? (Of(trace), null) : null;
    }

    /// <summary>What prose names: addresses where there are any, else all other things.</summary>
    public static IReadOnlyList<(PastedThing Thing, string Raw)> InText(string text)
    {
        var found = TraceText.Find(text).Where(static f => s_owned.Contains(f.Trace.Type) && f.Trace.Value.Length <= Longest).Select(static f => (Thing: OfNetwork(f.Trace.Value) ?? Of(f.Trace), f.Raw)).DistinctBy(static f => f.Thing).ToList();
        return found.Exists(static f => f.Thing.IsAddress) ? [.. found.Where(static f => f.Thing.IsAddress)] : found;
    }

    /// <summary>The address, or the first and the last one of a network; null for everything else.</summary>
    public (IPAddress First, IPAddress Last)? Range()
    {
        if (!IsAddress)
            return null;
        if (!Type.EndsWith("_cidr", StringComparison.Ordinal))
            return IPAddress.Parse(Value) is var one ? (one, one) : null;
        var network = IPNetwork.Parse(Value);
        var bytes = network.BaseAddress.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] |= (byte)(0xFF >> Math.Clamp(network.PrefixLength - (i * 8), 0, 8));
        return (network.BaseAddress, new IPAddress(bytes));
    }

    /// <summary>The host that a name, an address of mail or a URL belongs to; null for numbers and networks.</summary>
    public string? Host() => Type switch
    {
        "domain" => Value,
        "email" => Value[(Value.LastIndexOf('@') + 1)..],
        "url" => Uri.TryCreate(Value.Contains("://", StringComparison.Ordinal) ? Value : "http://" + Value, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.IdnHost.Trim('[', ']') : null,
        _ => null,
    };

    /// <summary>URLs may hold signs that turn the direction of a text; whoever reads the value must not see another one.</summary>
    private static PastedThing Of(Observable trace) => new(trace.Type, PastedList.Tidy(trace.Value, Longest + 1));

    /// <summary>An address, a network without host bits, or the number of an autonomous system.</summary>
    private static PastedThing? OfNetwork(string text)
    {
        if (text.StartsWith("AS", StringComparison.OrdinalIgnoreCase) && uint.TryParse(text.AsSpan(text.StartsWith("ASN", StringComparison.OrdinalIgnoreCase) ? 3 : 2).TrimStart(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < uint.MaxValue)
            return new("asn", string.Create(CultureInfo.InvariantCulture, $"AS{number}"));
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (OfAddress(slash < 0 ? text : text[..slash]) is not { } address)
            return null;
        var six = address.AddressFamily == AddressFamily.InterNetworkV6;
        if (slash < 0)
            return new(six ? "ipv6" : "ipv4", address.ToString());
        var bits = six ? 128 : 32;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > bits)
            return null;
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << (8 - Math.Clamp(length - (i * 8), 0, 8)));
        var first = new IPAddress(bytes);
        return length == bits ? new(six ? "ipv6" : "ipv4", first.ToString()) : new(six ? "ipv6_cidr" : "ipv4_cidr", $"{first}/{length.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Four decimal parts without leading zeros, or IPv6; an IPv4 address in IPv6 clothes is the IPv4 address.</summary>
    private static IPAddress? OfAddress(string text)
    {
        if (text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address.ToString() == text ? address : null;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static (PastedThing Thing, int? Port)? WithPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535)
            return null;
        var host = text[..colon];
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        return (bracketed || !host.Contains(':', StringComparison.Ordinal)) && OfNetwork(bracketed ? host[1..^1] : host) is { Type: "ipv4" or "ipv6" } thing ? (thing, port) : null;
    }
}
