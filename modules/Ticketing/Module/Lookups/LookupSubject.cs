using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;
using Appliance.Kernel.Http;

namespace Appliance.Ticketing.Lookups;

/// <summary>One way to ask outside the box about a trace.</summary>
/// <param name="Id">rdap or dns.</param>
/// <param name="Most">The strictest PAP under which it may be asked.</param>
internal sealed record LookupKind(string Id, Pap Most)
{
    /// <summary>The registries of names, addresses and numbers (RFC 9082). They are third parties: whoever is behind the trace does not notice.</summary>
    public static readonly LookupKind Rdap = new("rdap", Pap.Amber);

    /// <summary>Name servers. Those of a name belong to whoever is behind it, who may notice: only where acts against the source are allowed.</summary>
    public static readonly LookupKind Dns = new("dns", Pap.Green);

    public static readonly LookupKind[] All = [Rdap, Dns];
}

/// <summary>What of a trace can be asked about: an address, a name or the number of an autonomous system.</summary>
/// <param name="Address">The address, or the first one of a network.</param>
/// <param name="Name">A host name in ASCII, lower case.</param>
/// <param name="Number">1 to 4294967294.</param>
internal sealed record LookupSubject(IPAddress? Address = null, string? Name = null, uint? Number = null)
{
    /// <summary>Ends of names that no registry knows (RFC 6761, RFC 7686, RFC 8375, RFC 9476).</summary>
    private static readonly string[] s_special = [".example", ".test", ".invalid", ".localhost", ".local", ".onion", ".internal", ".home.arpa", ".arpa", ".alt"];

    private static readonly IdnMapping s_idn = new() { UseStd3AsciiRules = true };

    /// <summary>The ways in which it can be asked about.</summary>
    public IReadOnlyList<LookupKind> Kinds => Number is null ? LookupKind.All : [LookupKind.Rdap];

    /// <summary>What stands in a trace of this type, or null where nobody outside could know anything: hashes, inside addresses, names that are not on the Internet.</summary>
    public static LookupSubject? Of(string type, string value) => type switch
    {
        "ipv4" or "ipv6" => OfAddress(value),
        "ipv4_cidr" => OfAddress(value.Split('/')[0]),
        "domain" => OfName(value),
        "email" => OfName(value[(value.LastIndexOf('@') + 1)..]),
        "url" => Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? OfAddress(uri.Host.Trim('[', ']')) ?? OfName(uri.IdnHost) : null,
        "asn" => uint.TryParse(value.StartsWith("AS", StringComparison.OrdinalIgnoreCase) ? value.AsSpan(2) : value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < uint.MaxValue ? new(Number: number) : null,
        _ => null,
    };

    private static LookupSubject? OfAddress(string value) =>
        IPAddress.TryParse(value, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || value.Count(c => c == '.') == 3) && OutgoingHttp.IsPublic(address) ? new(address) : null;

    private static LookupSubject? OfName(string value)
    {
        var name = value.Trim().TrimEnd('.');
        if (name.Length is 0 or > 253 || !name.Contains('.', StringComparison.Ordinal) || IPAddress.TryParse(name, out _))
            return null;
        try
        {
            name = s_idn.GetAscii(name).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            // What is no host name is asked of nobody.
            return null;
        }
        return Array.Exists(s_special, s => name.EndsWith(s, StringComparison.Ordinal)) ? null : new(Name: name);
    }
}

/// <summary>One fact of an answer.</summary>
/// <param name="Key">What it is; words of it stand under <c>ticketing.lookup.fact</c>.</param>
/// <param name="Value">Text from outside: hostile.</param>
internal sealed record LookupFact(string Key, string Value)
{
    private const int Longest = 300;

    /// <summary>Without control characters and bounded; null for nothing.</summary>
    public static LookupFact? Of(string key, string? value)
    {
        var text = new string([.. (value ?? "").Where(static c => !char.IsControl(c)).Take(Longest)]).Trim();
        return text.Length == 0 ? null : new(key, text);
    }
}

/// <summary>What came of one question.</summary>
/// <param name="Server">Who answered.</param>
/// <param name="Facts">Empty when the other side knows nothing of it.</param>
internal sealed record LookupAnswer(string Server, IReadOnlyList<LookupFact> Facts);
