using Appliance.Kernel.Site;
using Xunit;

namespace Appliance.Kernel.Tests.Site;

public sealed class SiteFilesTests
{
    private static readonly SiteSettings s_fixed = new()
    {
        HostName = "cirt.samplia.example",
        Port = "02:00:5e:10:00:01",
        Addresses = ["192.0.2.10/24", "2001:db8::10/64"],
        Gateways = ["192.0.2.1"],
        NameServers = ["192.0.2.53"],
        TimeServers = ["ntp.samplia.example"],
        LogServer = "[2001:db8::5]:6514",
        PublicPort = 8443,
        SshFrom = ["10.0.0.0/8", "2001:db8::/32"],
        CapturePorts = ["enp2s0"],
    };

    [Fact]
    public void A_place_becomes_network_firewall_time_and_log_files()
    {
        Assert.Empty(s_fixed.Faults());
        var files = SiteFiles.Of(s_fixed);

        Assert.Contains("MACAddress=02:00:5e:10:00:01\n", files["systemd/network/40-management.network"], StringComparison.Ordinal);
        Assert.Contains("Address=192.0.2.10/24\nAddress=2001:db8::10/64\nGateway=192.0.2.1\nDNS=192.0.2.53\n", files["systemd/network/40-management.network"], StringComparison.Ordinal);
        Assert.Contains("Name=enp2s0\n", files["systemd/network/30-capture.network"], StringComparison.Ordinal);
        Assert.Contains("LinkLocalAddressing=no\n", files["systemd/network/30-capture.network"], StringComparison.Ordinal);
        Assert.Equal("add rule inet appliance from_site tcp dport 8443 accept\nadd rule inet appliance from_site ip saddr 10.0.0.0/8 tcp dport 22 accept\nadd rule inet appliance from_site ip6 saddr 2001:db8::/32 tcp dport 22 accept\n", files["cirt/nftables.conf"]);
        Assert.Equal("server ntp.samplia.example iburst\n", files["chrony-dhcp/site.sources"]);
        Assert.Contains("target=\"2001:db8::5\" port=\"6514\"", files["cirt/rsyslog.conf"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_machine_asks_for_an_address_and_opens_nothing()
    {
        var files = SiteFiles.Of(new());

        Assert.Contains("DHCP=yes", files["systemd/network/40-management.network"], StringComparison.Ordinal);
        Assert.Equal("", files["cirt/nftables.conf"]);
        Assert.Equal("cirt\n", files["cirt/hostname"]);
        Assert.DoesNotContain("cirt/ssh-wanted", files.Keys);
    }

    [Fact]
    public void Mail_is_taken_in_for_who_is_named_and_relayed_for_nobody_else()
    {
        var files = SiteFiles.Of(new() { HostName = "cirt.samplia.example", MailFor = ["samplia.example", "report@cirt.samplia.example"], MailRelay = "relay.samplia.example:587" });

        Assert.Contains("table wanted { \"@samplia.example\", \"report@cirt.samplia.example\" }\n", files["cirt/smtpd.conf"], StringComparison.Ordinal);
        Assert.Contains("match from any for any rcpt-to <wanted> action \"in\"\nactio", files["cirt/smtpd.conf"], StringComparison.Ordinal);
        Assert.EndsWith("relay host \"smtp://relay.samplia.example:587\" helo \"cirt.samplia.example\"\nmatch tag \"own\" from local for any action \"out\"\n", files["cirt/smtpd.conf"], StringComparison.Ordinal);
        Assert.Contains("kernel__mail__maildir=", files["cirt/mail.env"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_with_a_relay_alone_sends_and_listens_to_nobody()
    {
        var files = SiteFiles.Of(new() { MailRelay = "relay.samplia.example" });

        Assert.Equal(["listen on 127.0.0.1 port 2525 tag \"own\""], files["cirt/smtpd.conf"].Split('\n').Where(l => l.StartsWith("listen", StringComparison.Ordinal)));
        Assert.DoesNotContain("maildir", files["cirt/mail.env"], StringComparison.Ordinal);
        Assert.DoesNotContain("cirt/smtpd.conf", SiteFiles.Of(new()).Keys);
    }

    // Root writes these into units and rules: nothing that could begin another line or word gets that far.
    [Theory]
    [InlineData("a\nb")]
    [InlineData("a b")]
    [InlineData("a;accept")]
    [InlineData("\"")]
    [InlineData("$(x)")]
    [InlineData("192.0.2.1 ")]
    [InlineData("..")]
    public void What_could_become_another_line_is_a_fault_in_every_member(string text)
    {
        SiteSettings[] each =
        [
            new() { HostName = text }, new() { Port = text }, new() { Addresses = [text] }, new() { Addresses = ["192.0.2.1/24"], Gateways = [text] }, new() { NameServers = [text] },
            new() { TimeServers = [text] }, new() { LogServer = text + ":514" }, new() { SshFrom = [text] }, new() { CapturePorts = [text] }, new() { MailFor = [text] }, new() { MailFor = [text + "@samplia.example"] }, new() { MailRelay = text },
        ];
        Assert.All(each, site => Assert.NotEmpty(site.Faults()));
    }

    [Fact]
    public void The_management_port_cannot_be_a_capture_port() =>
        Assert.Contains(new SiteSettings { Port = "eth0", CapturePorts = ["eth0"] }.Faults(), f => f.Member == "capturePorts");
}
