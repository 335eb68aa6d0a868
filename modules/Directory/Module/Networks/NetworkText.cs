using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;

namespace Appliance.Directories.Networks;

/// <summary>What kind of belonging a text names.</summary>
internal enum NetworkKind
{
    Prefix,
    Asn,
    Domain,
}

/// <summary>One belonging of an organisation, checked and in canonical form.</summary>
/// <param name="Written">As people read it: the canonical prefix, <c>AS64500</c>, or the domain as it was typed.</param>
internal sealed record NetworkEntry(NetworkKind Kind, [property: JsonIgnore] IPNetwork? Prefix, long? Asn, string? Domain, string Written)
{
    /// <summary>Equal for two texts that name the same thing.</summary>
    public string Key => Kind switch
    {
        NetworkKind.Prefix => Prefix.ToString()!,
        NetworkKind.Asn => $"AS{Asn}",
        _ => Domain!,
    };

    public string KindWord => Kind switch
    {
        NetworkKind.Prefix => "prefix",
        NetworkKind.Asn => "asn",
        _ => "domain",
    };
}

/// <summary>Reads prefixes, AS numbers and domains as people write them.</summary>
internal static class NetworkText
{
    private static readonly SearchValues<char> s_hostname = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");

    private static readonly IdnMapping s_idn = new() { UseStd3AsciiRules = true };

    /// <summary>Reads any kind; otherwise names the reason by resource key with its particulars.</summary>
    public static (NetworkEntry? Entry, string Reason, object[] Arguments) Read(string text)
    {
        text = text.Trim();
        if (text.Length == 0)
            return (null, "directory.refused.network-empty", []);
        if ((text.Contains('/') && !text.Contains("://", StringComparison.Ordinal)) || LooksLikeAddress(text))
            return ReadPrefix(text);
        return ReadAsn(text) is { } asn ? asn : ReadDomain(text);
    }

    public static (NetworkEntry? Entry, string Reason, object[] Arguments) ReadPrefix(string text)
    {
        var slash = text.IndexOf('/');
        var addressText = slash < 0 ? text : text[..slash];
        if (!TryAddress(addressText, out var address))
            return (null, "directory.refused.prefix", [text]);
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
            return (null, "directory.refused.prefix-length", [text, bits]);
        if (address.IsIPv4MappedToIPv6)
        {
            if (length < 96)
                return (null, "directory.refused.prefix", [text]);
            (address, length) = (address.MapToIPv4(), length - 96);
        }
        var masked = Mask(address, length);
        if (!masked.Equals(address))
            return (null, "directory.refused.host-bits", [text, $"{masked}/{length}"]);
        var prefix = new IPNetwork(masked, length);
        return (new(NetworkKind.Prefix, prefix, null, null, prefix.ToString()), "", []);
    }

    /// <summary>A domain as A-label in lower case, or null when it is none.</summary>
    public static string? ToAscii(string domain)
    {
        domain = domain.Trim().TrimEnd('.');
        if (domain.StartsWith("*.", StringComparison.Ordinal))
            domain = domain[2..];
        if (domain.Length is 0 or > 253)
            return null;
        try
        {
            var ascii = System.Text.Ascii.IsValid(domain) ? domain.ToLowerInvariant() : s_idn.GetAscii(domain).ToLowerInvariant();
            return IsHostname(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static (NetworkEntry?, string, object[])? ReadAsn(string text)
    {
        var digits = text.StartsWith("ASN", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(3)
            : text.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2)
            : text.AsSpan();
        digits = digits.Trim();
        if (digits.Length == 0 || digits.ContainsAnyExceptInRange('0', '9'))
            return null;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var asn) && asn is >= 1 and <= uint.MaxValue
            ? (new NetworkEntry(NetworkKind.Asn, null, asn, null, $"AS{asn}"), "", [])
            : (null, "directory.refused.asn", [text]);
    }

    private static (NetworkEntry? Entry, string Reason, object[] Arguments) ReadDomain(string text) =>
        ToAscii(text) is { } ascii
            ? (new(NetworkKind.Domain, null, null, ascii, text.TrimEnd('.').Replace("*.", "", StringComparison.Ordinal).ToLowerInvariant()), "", [])
            : (null, "directory.refused.domain", [text]);

    private static bool LooksLikeAddress(string text) => (text.Contains(':') && !text.Contains('/')) || (text.Contains('.') && !text.AsSpan().ContainsAnyExcept("0123456789."));

    /// <summary>Four decimal parts or an IPv6 address: the short and octal forms that libraries accept mean something else to people.</summary>
    private static bool TryAddress(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out address!) || text.Contains('%'))
            return false;
        return address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text;
    }

    private static IPAddress Mask(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << (8 - Math.Clamp(length - (i * 8), 0, 8)));
        return new IPAddress(bytes);
    }

    private static bool IsHostname(string ascii)
    {
        if (ascii.Length > 253 || ascii.AsSpan().ContainsAnyExcept(s_hostname))
            return false;
        var last = "";
        foreach (var label in ascii.Split('.'))
        {
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-')
                return false;
            last = label;
        }
        return last.AsSpan().ContainsAnyExceptInRange('0', '9');
    }
}
