using System.Collections.Frozen;
using Appliance.Sensing.Grouping;

namespace Appliance.Sensing.Alerts;

/// <summary>What kind of event a rule speaks of, from the class its author gave it. The descriptions are those of the field's common classification file; a class of one's own is unclear.</summary>
internal static class RuleMeaning
{
    private static readonly FrozenDictionary<string, string> s_kinds = new Dictionary<string, string>
    {
        ["attempted information leak"] = "recon",
        ["information leak"] = "recon",
        ["large scale information leak"] = "recon",
        ["detection of a network scan"] = "recon",
        ["decode of an rpc query"] = "recon",
        ["attempted denial of service"] = "dos",
        ["denial of service"] = "dos",
        ["detection of a denial of service attack"] = "dos",
        ["attempted user privilege gain"] = "exploit",
        ["unsuccessful user privilege gain"] = "exploit",
        ["attempted administrator privilege gain"] = "exploit",
        ["executable code was detected"] = "exploit",
        ["exploit kit activity detected"] = "exploit",
        ["misc attack"] = "exploit",
        ["successful user privilege gain"] = "taken",
        ["successful administrator privilege gain"] = "taken",
        ["web application attack"] = "web",
        ["access to a potentially vulnerable web application"] = "web",
        ["a network trojan was detected"] = "malware",
        ["targeted malicious activity was detected"] = "malware",
        ["malware command and control activity detected"] = "malware",
        ["domain observed used for c2 detected"] = "malware",
        ["a suspicious filename was detected"] = "malware",
        ["successful credential theft detected"] = "credentials",
        ["an attempted login using a suspicious username was detected"] = "credentials",
        ["attempt to login by a default username and password"] = "credentials",
        ["possible social engineering attempted"] = "lure",
        ["crypto currency mining activity detected"] = "unwanted",
        ["possibly unwanted program detected"] = "unwanted",
        ["potential corporate privacy violation"] = "policy",
        ["device retrieving external ip address detected"] = "policy",
        ["not suspicious traffic"] = "policy",
        ["generic protocol command decode"] = "protocol",
        ["detection of a non-standard protocol or event"] = "protocol",
        ["generic icmp event"] = "protocol",
        ["a client was using an unusual port"] = "protocol",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The kinds that have words.</summary>
    public static IEnumerable<string> Kinds => s_kinds.Values.Append("indicator").Append("unclear").Distinct(StringComparer.Ordinal);

    /// <summary>The kind; always one that has words.</summary>
    public static string Of(int gid, long sid, string category) =>
        Score.IsIndicator(gid, sid) ? "indicator" : s_kinds.GetValueOrDefault(category.Trim(), "unclear");
}
