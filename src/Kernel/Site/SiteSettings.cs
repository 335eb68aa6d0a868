using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Site;

/// <summary>What the machine itself must know of its place: name, network, time, where logs go, what the firewall lets in. Kept as <c>site.json</c> in the data folder.</summary>
/// <remarks>Written by the host's account and rendered at boot by root, so every value is checked again when it is read: <see cref="Faults"/>.</remarks>
public sealed record SiteSettings
{
    /// <summary>By the TPM, or by a passphrase at each start.</summary>
    public const string Encrypted = "encrypted";

    /// <summary>As the signed answer file wished.</summary>
    public const string Unencrypted = "unencrypted";

    private const string FileName = "site.json";
    private const int LongestName = 253;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, MaxDepth = 8 };

    /// <summary>Name of the machine, with its domain.</summary>
    public string HostName { get; init; } = "";

    /// <summary>Hardware address of the management port, or its kernel name; empty: every wired port.</summary>
    public string Port { get; init; } = "";

    /// <summary>Addresses with prefix length; none: asked for by DHCP.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Where everything else is reached through.</summary>
    public IReadOnlyList<string> Gateways { get; init; } = [];

    /// <summary>Name servers.</summary>
    public IReadOnlyList<string> NameServers { get; init; } = [];

    /// <summary>Time servers, by name or address; none: the machine keeps its own time and says so.</summary>
    public IReadOnlyList<string> TimeServers { get; init; } = [];

    /// <summary>Log server as <c>address:port</c>, by TCP; empty for none.</summary>
    public string LogServer { get; init; } = "";

    /// <summary>Port of the public face (portal, report form); 0 keeps it shut.</summary>
    public int PublicPort { get; init; }

    /// <summary>Networks that may reach port 22; none keeps it shut.</summary>
    public IReadOnlyList<string> SshFrom { get; init; } = [];

    /// <summary>Ports that carry mirrored traffic: they get no address.</summary>
    public IReadOnlyList<string> CapturePorts { get; init; } = [];

    /// <summary>Domains and addresses that the machine's mail server takes mail in for; none: port 25 answers nobody.</summary>
    public IReadOnlyList<string> MailFor { get; init; } = [];

    /// <summary>Server that outgoing mail is handed to, by name, address or <c>name:port</c>; empty: straight to the recipients' own, where mail is taken in.</summary>
    public string MailRelay { get; init; } = "";

    /// <summary>Whether the disk was to be encrypted when the machine was made: <see cref="Encrypted"/>, or <see cref="Unencrypted"/> where somebody answers for it.</summary>
    public string Disk { get; init; } = Encrypted;

    /// <summary>True where a mail server runs.</summary>
    internal bool HasMail => MailFor.Count > 0 || MailRelay.Length > 0;

    /// <summary>The settings of <paramref name="data"/>; the defaults where there are none.</summary>
    public static SiteSettings Load(DataFolder data)
    {
        var file = Path.Combine(data.Root, FileName);
        if (!File.Exists(file))
            return new();
        try
        {
            return JsonSerializer.Deserialize<SiteSettings>(File.ReadAllBytes(file), s_json) ?? new();
        }
        catch (JsonException fault)
        {
            throw new OperatorFault("The settings of the place cannot be read.", $"{file}: {fault.Message}", "Apply the answer file again, or delete this file: the machine then asks for an address by DHCP.", fault);
        }
    }

    /// <summary>Puts them in force for the next boot.</summary>
    public void Save(DataFolder data)
    {
        var file = Path.Combine(data.Root, FileName);
        File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(this, s_json));
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Everything wrong, by the name of the member. What passes can stand in a unit, a rule or a configuration line as it is.</summary>
    public IEnumerable<(string Member, string Reason)> Faults()
    {
        if (HostName.Length > 0 && !IsName(HostName))
            yield return ("hostName", $"is '{HostName}'; write a name such as cirt.example.org");
        if (Port.Length > 0 && !IsPort(Port))
            yield return ("port", $"is '{Port}'; write a hardware address (02:00:5e:10:00:00) or the kernel's name (enp1s0)");
        foreach (var address in Addresses.Where(a => !IsAddressWithPrefix(a)))
            yield return ("addresses", $"holds '{address}'; write an address with its prefix length, such as 192.0.2.10/24");
        foreach (var gateway in Gateways.Where(g => !IsAddress(g)))
            yield return ("gateways", $"holds '{gateway}', which is no address");
        if (Addresses.Count == 0 && Gateways.Count > 0)
            yield return ("gateways", "stands without addresses: with DHCP the gateway comes from there");
        foreach (var server in NameServers.Where(s => !IsAddress(s)))
            yield return ("nameServers", $"holds '{server}', which is no address");
        foreach (var server in TimeServers.Where(s => !IsAddress(s) && !IsName(s)))
            yield return ("timeServers", $"holds '{server}', which is neither a name nor an address");
        if (LogServer.Length > 0 && !IsServer(LogServer))
            yield return ("logServer", $"is '{LogServer}'; write address:port, such as log.example.org:6514");
        if (PublicPort is < 0 or > 65535 or 22 or 25 or 443)
            yield return ("publicPort", $"is {PublicPort}; choose a free port, or 0 to keep the public face shut");
        foreach (var network in SshFrom.Where(n => !IPNetwork.TryParse(n, out _)))
            yield return ("sshFrom", $"holds '{network}', which is no network");
        foreach (var port in CapturePorts.Where(p => !IsPort(p)))
            yield return ("capturePorts", $"holds '{port}', which is no port");
        if (Disk is not (Encrypted or Unencrypted))
            yield return ("disk", $"is '{Disk}'; write {Encrypted} or {Unencrypted}");
        foreach (var wanted in MailFor.Where(m => !SiteMail.IsWanted(m)))
            yield return ("mailFor", $"holds '{wanted}'; write a domain (cirt.example.org) or an address (report@cirt.example.org)");
        if (MailRelay.Length > 0 && !IsName(MailRelay) && !IsServer(MailRelay))
            yield return ("mailRelay", $"is '{MailRelay}'; write a name or name:port, such as mail.example.org:587");
        if (Port.Length > 0 && CapturePorts.Contains(Port))
            yield return ("capturePorts", $"holds '{Port}', which is the management port: it needs an address, a capture port has none");
    }

    private static bool IsAddress(string text) => IPAddress.TryParse(text, out var parsed) && parsed.ToString() == text;

    private static bool IsAddressWithPrefix(string text) =>
        text.Split('/') is [var address, var prefix] && IsAddress(address) && int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits > 0 && bits <= (address.Contains(':', StringComparison.Ordinal) ? 128 : 32);

    /// <summary>RFC 1123, section 2.1.</summary>
    internal static bool IsName(string text) =>
        text.Length <= LongestName && text.Split('.').All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && label[0] != '-' && label[^1] != '-');

    private static bool IsPort(string text) =>
        (text.Length == 17 && text.Split(':') is { Length: 6 } parts && parts.All(p => p.Length == 2 && p.All(char.IsAsciiHexDigit)))
        || (text.Length is > 0 and <= 15 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    private static bool IsServer(string text)
    {
        var at = text.LastIndexOf(':');
        return at > 0 && (IsName(text[..at]) || IsAddress(text[..at].Trim('[', ']'))) && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536;
    }
}
