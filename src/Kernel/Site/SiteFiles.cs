using System.Globalization;
using System.Net;
using System.Text;

namespace Appliance.Kernel.Site;

/// <summary>The files that the settings of the place become, below <c>/run</c>: the root itself is read-only.</summary>
internal static class SiteFiles
{
    /// <summary>Path below the folder, and content.</summary>
    public static IReadOnlyDictionary<string, string> Of(SiteSettings site)
    {
        var files = new Dictionary<string, string>
        {
            ["systemd/network/40-management.network"] = Management(site),
            ["cirt/nftables.conf"] = Firewall(site),
            ["chrony-dhcp/site.sources"] = string.Concat(site.TimeServers.Select(s => $"server {s} iburst\n")),
            ["cirt/hostname"] = $"{(site.HostName.Length > 0 ? site.HostName : "cirt")}\n",
        };
        if (site.CapturePorts.Count > 0)
            files["systemd/network/30-capture.network"] = Capture(site);
        if (site.LogServer.Length > 0)
            files["cirt/rsyslog.conf"] = Forwarding(site.LogServer);
        if (site.SshFrom.Count > 0)
            files["cirt/ssh-wanted"] = "";
        if (site.HasMail)
        {
            files["cirt/smtpd.conf"] = SiteMail.Server(site);
            files["cirt/mail.env"] = SiteMail.Environment(site);
        }
        return files;
    }

    private static string Match(IEnumerable<string> ports)
    {
        var (hardware, names) = (ports.Where(p => p.Contains(':', StringComparison.Ordinal)).ToList(), ports.Where(p => !p.Contains(':', StringComparison.Ordinal)).ToList());
        return (hardware.Count > 0 ? $"MACAddress={string.Join(' ', hardware)}\n" : "") + (names.Count > 0 ? $"Name={string.Join(' ', names)}\n" : "");
    }

    private static string Management(SiteSettings site)
    {
        var unit = new StringBuilder("[Match]\n").Append(site.Port.Length > 0 ? Match([site.Port]) : "Type=ether\n").Append("\n[Network]\nLLMNR=no\nMulticastDNS=no\n");
        if (site.Addresses.Count == 0)
            unit.Append("DHCP=yes\nIPv6AcceptRA=yes\n");
        else
            unit.Append("DHCP=no\nIPv6AcceptRA=no\n").AppendJoin("", site.Addresses.Select(a => $"Address={a}\n"));
        unit.AppendJoin("", site.Gateways.Select(g => $"Gateway={g}\n")).AppendJoin("", site.NameServers.Select(s => $"DNS={s}\n"));
        return unit.Append("\n[DHCPv4]\nUseDNS=yes\nUseHostname=no\n").ToString();
    }

    /// <summary>No address, no answer, nothing sent: what listens there can only be listened to.</summary>
    private static string Capture(SiteSettings site) =>
        $"[Match]\n{Match(site.CapturePorts)}\n[Link]\nARP=no\nRequiredForOnline=no\nPromiscuous=yes\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\nLinkLocalAddressing=no\nLLDP=no\nEmitLLDP=no\n";

    /// <summary>Rules that only open: the shipped rule set drops everything that nothing accepts.</summary>
    private static string Firewall(SiteSettings site)
    {
        var rules = new StringBuilder();
        if (site.PublicPort > 0)
            rules.Append(CultureInfo.InvariantCulture, $"add rule inet appliance from_site tcp dport {site.PublicPort} accept\n");
        foreach (var network in site.SshFrom)
            rules.Append(CultureInfo.InvariantCulture, $"add rule inet appliance from_site {(IPNetwork.Parse(network).BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "ip6" : "ip")} saddr {network} tcp dport 22 accept\n");
        return rules.ToString();
    }

    private static string Forwarding(string server)
    {
        var at = server.LastIndexOf(':');
        return $"action(type=\"omfwd\" target=\"{server[..at].Trim('[', ']')}\" port=\"{server[(at + 1)..]}\" protocol=\"tcp\" queue.type=\"LinkedList\" queue.size=\"20000\" action.resumeRetryCount=\"-1\")\n";
    }
}
