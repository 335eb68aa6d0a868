using Appliance.Sensing.Assets;
using Appliance.Sensing.Inbox;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Who is this host: what the records say of it, and what people call it.</summary>
public sealed class AssetTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Records_say_what_a_host_serves_presents_and_is_called()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events",
            Served("http", "10.1.1.1", "192.0.2.10", 80, "\"http\":{\"hostname\":\"www.bank.example\"}"),
            Served("http", "10.1.1.1", "192.0.2.10", 80, "\"http\":{\"hostname\":\"www.bank.example\"}"),
            Served("ssh", "10.1.1.2", "192.0.2.10", 22, "\"ssh\":{}"),
            Served("tls", "10.1.1.1", "192.0.2.10", 443, "\"tls\":{\"subject\":\"CN=www.bank.example\",\"issuerdn\":\"CN=Test CA\",\"sni\":\"www.bank.example\",\"fingerprint\":\"AA:BB\",\"notbefore\":\"2020-01-01T00:00:00\",\"notafter\":\"2021-01-01T00:00:00\"}"),
            Served("tls", "10.1.1.1", "198.51.100.7", 443, "\"tls\":{\"subject\":\"CN=stranger\",\"fingerprint\":\"cc:dd\"}"),
            Served("flow", "10.1.1.1", "192.0.2.10", 9999, "\"flow\":{}"),
            Answer("www.bank.example", "A", "192.0.2.10"),
            Answer("WWW.evil.example.", "A", "198.51.100.7"),
            Answer("odd\\u0000.example", "A", "198.51.100.7"),
            Answer("x.example", "TXT", "no fact"));
        world.Spool.Put("alerts", SensorSpool.Alert(1, destination: "192.0.2.10"), SensorSpool.Alert(2, source: "192.0.2.10", destination: "198.51.100.7"));
        await world.ReadAsync();

        var page = (await world.Get<ShowAsset>().RunAsync(world.Analyst, new("192.0.2.10"), None)).Value;
        Assert.Equal([("http", 80), ("ssh", 22), ("tls", 443)], page.Services.OrderBy(s => s.Application, StringComparer.Ordinal).Select(s => (s.Application, s.Port)));
        var certificate = Assert.Single(page.Certificates);
        Assert.Equal(("aa:bb", "CN=www.bank.example", "www.bank.example", 2021), (certificate.Fingerprint, certificate.Subject, certificate.ServerName, certificate.NotAfter!.Value.Year));
        Assert.Equal("www.bank.example", Assert.Single(page.Names).Name);
        Assert.Equal(2, page.Groups.Count);
        Assert.Equal(("National Bank", "192.0.2.0/24"), (page.Owner!.Name, page.OwnerNetwork));
        Assert.NotNull(page.Known);

        var stranger = (await world.Get<ShowAsset>().RunAsync(world.Analyst, new("198.51.100.7"), None)).Value;
        Assert.Null(stranger.Known);
        Assert.Empty(stranger.Services);
        Assert.Equal(["www.evil.example"], stranger.Names.Select(n => n.Name).Where(n => !n.StartsWith("odd", StringComparison.Ordinal)));
        Assert.Equal("sensing.refused.no-address", (await world.Get<ShowAsset>().RunAsync(world.Analyst, new("here"), None)).Refusals[0].Key);
    }

    [Fact]
    public async Task Assets_are_found_by_network_port_and_name_paged_by_key_and_a_given_name_stands_in_the_inbox()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events", Enumerable.Range(0, 60).Select(i => Served("http", $"10.5.0.{i}", $"10.6.0.{i % 3}", 8000 + (i % 3), "\"http\":{}")));
        world.Spool.Put("alerts", SensorSpool.Alert(1, source: "10.5.0.7"));
        await world.ReadAsync();
        var list = world.Get<ListAssets>();
        var seen = new HashSet<string>();
        for (string? after = null; ;)
        {
            var found = (await list.RunAsync(world.Analyst, new(null, after, 20), None)).Value;
            Assert.All(found.Items, a => Assert.True(seen.Add(a.Address.ToString())));
            if ((after = found.Next) is null)
                break;
        }
        Assert.Equal(64, seen.Count);
        Assert.Equal(3, (await list.RunAsync(world.Analyst, new("10.6.0.0/16"), None)).Value.Items.Count);
        Assert.Equal("10.6.0.1", Assert.Single((await list.RunAsync(world.Analyst, new("port:8001"), None)).Value.Items).Address.ToString());
        Assert.Equal(3, (await list.RunAsync(world.Analyst, new("http"), None)).Value.Items.Count);

        Assert.True((await world.Get<NameAsset>().RunAsync(world.Analyst, new("10.5.0.7", "mail gateway", "rack 3"), None)).Succeeded);
        var named = Assert.Single((await list.RunAsync(world.Analyst, new("gateway"), None)).Value.Items);
        Assert.Equal(("mail gateway", 1L), (named.Label, named.Open));
        Assert.Equal("mail gateway", Assert.Single((await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox")), None)).Value.Items).SrcLabel);
        Assert.Equal("sensing.refused.no-address", (await world.Get<NameAsset>().RunAsync(world.Analyst, new("203.0.113.1", "nobody"), None)).Refusals[0].Key);
        Assert.Equal(1, await world.AskAsync<long>("select count(*) from audit.entries where action = 'sensing.asset.named'"));
    }

    [Fact]
    public async Task Records_that_are_nested_as_deep_as_is_allowed_or_odd_in_kind_stop_nothing()
    {
        await using var world = await SensingWorld.StartAsync();
        var deep = new string('[', 120) + new string(']', 120);
        world.Spool.Put("events",
            Served("tls", "10.1.1.1", "10.2.2.2", 443, $"\"tls\":{{\"fingerprint\":\"aa\",\"x\":{deep}}}"),
            Served("dns", "10.1.1.1", "10.2.2.2", 53, $"\"x\":{deep},\"dns\":{{\"answers\":[{{\"rrname\":{{}},\"rrtype\":7,\"rdata\":[[]]}},7,{{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\"}}]}}"),
            Served("tls", "10.1.1.1", "10.2.2.2", 443, "\"tls\":\"\\\"fingerprint\\\"\""),
            Served("tls", "10.1.1.1", "10.2.2.2", 443, "\"tls\":{\"fingerprint\":7,\"notafter\":\"never\"}"),
            Served("dns", "10.1.1.1", "10.2.2.2", 53, "\"answers\":\"none\""),
            SensorSpool.Dns(1));
        await world.ReadAsync();
        Assert.Equal(6, await world.AskAsync<long>("select records from sensing.bookmarks where stream = 'events'"));
        Assert.Equal(1, await world.AskAsync<long>("select count(*) from sensing.asset_certificates"));
    }

    [Fact]
    public async Task Names_are_found_by_name_parent_and_address()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events", Answer("a.evil.example", "A", "198.51.100.7"), Answer("b.evil.example", "CNAME", "a.evil.example"), Answer("notevil.example", "A", "198.51.100.8"));
        await world.ReadAsync();
        var names = world.Get<SearchNames>();
        foreach (var (query, wanted) in new[] { ("evil.example", 2), ("a.evil.example", 2), ("198.51.100.8", 1), ("EVIL.example.", 2), ("%", 0), ("", 3) })
            Assert.Equal((query, wanted), (query, (await names.RunAsync(world.Analyst, new(query), None)).Value.Count));
    }

    private static string Served(string type, string source, string destination, int port, string part) =>
        $$$"""{"timestamp":"2026-11-20T10:00:00.000000+0000","flow_id":1,"event_type":"{{{type}}}","src_ip":"{{{source}}}","src_port":1025,"dest_ip":"{{{destination}}}","dest_port":{{{port}}},"proto":"TCP",{{{part}}}}""";

    private static string Answer(string name, string type, string value) =>
        """{"timestamp":"2026-11-20T10:00:00.000000+0000","flow_id":1,"event_type":"dns","src_ip":"10.1.1.1","src_port":5353,"dest_ip":"203.0.113.53","dest_port":53,"proto":"UDP","dns":{"version":2,"type":"answer","rrname":"NAME","answers":[{"rrname":"NAME","rrtype":"TYPE","ttl":60,"rdata":"VALUE"}],"grouped":{"A":["VALUE"]}}}"""
            .Replace("NAME", name, StringComparison.Ordinal).Replace("TYPE", type, StringComparison.Ordinal).Replace("VALUE", value, StringComparison.Ordinal);
}
