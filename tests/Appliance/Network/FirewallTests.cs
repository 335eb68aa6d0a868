using System.Text.RegularExpressions;
using Appliance.Tests;
using Xunit;

namespace Appliance.Image.Tests.Network;

/// <summary>The firewall as the kernel's own program reads it. A rule set that does not load leaves every port open.</summary>
public sealed partial class FirewallTests
{
    [Fact]
    public async Task The_shipped_rules_load()
    {
        var (code, said) = await CheckAsync(Tool.At("nftables", "nftables.conf"));
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task Rules_that_do_not_load_are_caught()
    {
        using var scratch = new Scratch();
        var broken = File.ReadAllText(Tool.At("nftables", "nftables.conf")).Replace("policy drop;", "policy drop; chain input", StringComparison.Ordinal);
        Assert.NotEqual(0, (await CheckAsync(scratch.Write("nftables.conf", broken))).Code);
    }

    [Fact]
    public async Task What_a_place_opens_loads_behind_the_shipped_rules()
    {
        using var scratch = new Scratch();
        // As cirt site render writes it for a public face on 8443 and ssh from two networks.
        scratch.Write("cirt/nftables.conf", "add rule inet appliance from_site tcp dport 8443 accept\nadd rule inet appliance from_site ip saddr 10.0.0.0/8 tcp dport 22 accept\nadd rule inet appliance from_site ip6 saddr 2001:db8::/32 tcp dport 22 accept\n");
        var rules = File.ReadAllText(Tool.At("nftables", "nftables.conf")).Replace("/run/cirt/", scratch.At("cirt") + "/", StringComparison.Ordinal);
        var (code, said) = await CheckAsync(scratch.Write("nftables.conf", rules));
        Assert.True(code == 0, said);
    }

    [Fact]
    public void Everything_is_dropped_that_nothing_opens_and_the_document_names_what_is_open()
    {
        var rules = File.ReadAllText(Tool.At("nftables", "nftables.conf"));
        Assert.Equal(2, Regex.Count(rules, "hook (input|forward) priority filter; policy drop;"));
        var open = Elements().Match(rules).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal);
        var said = File.ReadLines(Checkout.At("docs", "operate", "hardware.md")).Select(l => Row().Match(l)).Where(m => m.Success && m.Groups[2].Value == "always").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(open, said);
    }

    private static async Task<(int Code, string Output)> CheckAsync(string file)
    {
        Tool.Need("nft", "unshare");
        // Even checking asks the kernel: in a network name space of its own, which may be forbidden here.
        var (able, why) = await Tool.RunAsync("unshare", ["--map-root-user", "--net", "nft", "list", "ruleset"]);
        Assert.SkipUnless(able == 0, $"no network name space here: {why.Trim()}");
        return await Tool.RunAsync("unshare", ["--map-root-user", "--net", "nft", "--check", "--file", file]);
    }

    [GeneratedRegex(@"elements = \{ ([0-9, ]+) \}", RegexOptions.NonBacktracking)]
    private static partial Regex Elements();

    [GeneratedRegex(@"^\| (\d+)/tcp \| (\w+)", RegexOptions.NonBacktracking)]
    private static partial Regex Row();
}
