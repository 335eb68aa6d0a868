using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Appliance.Ticketing.Classification;

/// <summary>The Reference Security Incident Taxonomy as shipped: versioned data beside this file. Labels are resources: <c>ticketing.rsit.{type}</c>.</summary>
internal static partial class Rsit
{
    public const string Undetermined = "other/undetermined";

    private static readonly TaxonomyFile s_file = Read();

    /// <summary>Version of the taxonomy.</summary>
    public static int Version => s_file.Version;

    /// <summary>Class and type, in the taxonomy's order: <c>intrusion-attempts/ids-alert</c>.</summary>
    public static IReadOnlyList<string> Ordered => s_file.Types;

    /// <summary>The same, for look-up.</summary>
    public static FrozenSet<string> Types { get; } = s_file.Types.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The classes in the taxonomy's order: <c>intrusion-attempts</c>.</summary>
    public static IReadOnlyList<string> Classes { get; } = [.. s_file.Types.Select(ClassOf).Distinct()];

    /// <summary>The class of a type.</summary>
    public static string ClassOf(string type) => type.Split('/')[0];

    /// <summary>The taxonomy's type of a code: of a local type <c>fraud/phishing/parcel-notice</c> the type that it stands below, else the code itself.</summary>
    public static string TypeOf(string code) => code.Split('/') is [var kind, var type, _] ? $"{kind}/{type}" : code;

    /// <summary>True for a local type: a third part below a type of the taxonomy.</summary>
    public static bool IsLocal(string code) => code.Split('/') is [_, _, var own] && Types.Contains(TypeOf(code)) && LocalPart().IsMatch(own);

    /// <summary>True for a type of the taxonomy and for what is written like a local one; whether that exists, <see cref="LocalTypes"/> knows.</summary>
    public static bool IsWritten(string code) => Types.Contains(code) || IsLocal(code);

    [GeneratedRegex("^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex LocalPart();

    /// <summary>What a rule's class of Suricata most often means; a person corrects it.</summary>
    public static string OfAlert(string category) => category.Trim().ToLowerInvariant().Replace(' ', '-') switch
    {
        "attempted-admin" or "attempted-user" or "web-application-attack" or "shellcode-detect" or "exploit-kit" or "attempted-administrator-privilege-gain"
            or "attempted-user-privilege-gain" or "executable-code-was-detected" => "intrusion-attempts/exploit",
        "successful-admin" or "successful-administrator-privilege-gain" => "intrusions/privileged-account-compromise",
        "successful-user" or "successful-user-privilege-gain" => "intrusions/unprivileged-account-compromise",
        "trojan-activity" or "malware-cnc" or "a-network-trojan-was-detected" or "coin-mining" or "targeted-activity" => "malicious-code/infected-system",
        "command-and-control" or "domain-c2" or "malware-command-and-control-activity-detected" or "domain-observed-used-for-c2-detected" => "malicious-code/c2-server",
        "network-scan" or "attempted-recon" or "detection-of-a-network-scan" or "attempted-information-leak" or "successful-recon-limited" => "information-gathering/scanner",
        "attempted-dos" or "denial-of-service" or "attempted-denial-of-service" or "successful-dos" => "availability/dos",
        "social-engineering" or "possible-social-engineering-attempted" => "information-gathering/social-engineering",
        "credential-theft" or "successful-credential-theft-detected" => "fraud/phishing",
        "default-login-attempt" or "suspicious-login" or "unsuccessful-user" => "intrusion-attempts/brute-force",
        "policy-violation" or "potential-corporate-privacy-violation" => "fraud/unauthorised-use-of-resources",
        _ => "intrusion-attempts/ids-alert",
    };

    private static TaxonomyFile Read()
    {
        using var file = typeof(Rsit).Assembly.GetManifestResourceStream("Appliance.Ticketing.Classification.rsit-1003.json")!;
        return JsonSerializer.Deserialize<TaxonomyFile>(file, JsonSerializerOptions.Web)!;
    }

    private sealed record TaxonomyFile(int Version, string Namespace, IReadOnlyList<string> Types);
}
