using System.Net;
using System.Net.Sockets;
using Appliance.Contracts;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Gate;

/// <summary>An observable that stays here, and why.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Value">Its value.</param>
/// <param name="ReasonKey">Resource key of the reason.</param>
internal sealed record Withheld(string Type, string Value, string ReasonKey);

/// <summary>Takes out of a case what must not leave: addresses and names of our own constituents, addresses that mean nothing elsewhere, and what cannot be read.</summary>
internal sealed class Redaction(IConstituency? constituency = null)
{
    /// <summary>Splits observables into those that leave and those that stay.</summary>
    public (IReadOnlyList<Trace> Leaves, IReadOnlyList<Withheld> Stays) Apply(IEnumerable<Observable> observables)
    {
        var leaves = new List<Trace>();
        var stays = new List<Withheld>();
        foreach (var observable in observables.Distinct())
        {
            if (Trace.Read(observable) is not { } trace)
                stays.Add(new(observable.Type, observable.Value, "uplink.withheld.unreadable"));
            else if (ReasonToStay(trace) is { } reason)
                stays.Add(new(observable.Type, observable.Value, reason));
            else if (!leaves.Exists(l => l.ObjectType == trace.ObjectType && l.Property == trace.Property && l.Value.ToJsonString() == trace.Value.ToJsonString()))
                leaves.Add(trace);
        }
        return (leaves, stays);
    }

    private string? ReasonToStay(Trace trace)
    {
        var value = trace.Value.ToString();
        switch (trace.ObjectType)
        {
            case "ipv4-addr" or "ipv6-addr":
                return Reason(IPAddress.Parse(value));
            case "domain-name":
                return Named(value);
            case "email-addr":
                return Named(value[(value.LastIndexOf('@') + 1)..]);
            case "url":
                var host = new Uri(value).IdnHost.Trim('[', ']');
                return host.Length == 0 ? null : IPAddress.TryParse(host, out var address) ? Reason(address) : Named(host);
            default:
                return null;
        }
    }

    private string? Reason(IPAddress address)
    {
        if (IsLocal(address))
            return "uplink.withheld.local";
        return constituency?.Find(address) is null ? null : "uplink.withheld.constituent";
    }

    private string? Named(string name) => constituency?.Find(name) is null ? null : "uplink.withheld.constituent";

    /// <summary>Private, loopback, link-local, shared and multicast addresses say nothing outside their network and something about it.</summary>
    private static bool IsLocal(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.IsIPv6Multicast || address.IsIPv6SiteLocal;
        var b = address.GetAddressBytes();
        return b[0] is 10 or 0 or >= 224 || (b[0] == 172 && b[1] is >= 16 and <= 31) || (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) || (b[0] == 100 && b[1] is >= 64 and <= 127);
    }
}
