using Appliance.Sensing.Events;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Triage;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>The query bar over real rows, and the inbox gathered by what groups share.</summary>
public sealed class InboxDepthTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Groups_are_gathered_by_what_they_share_and_an_act_on_a_line_reaches_each_of_them()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", Enumerable.Range(0, 60).Select(i => SensorSpool.Alert(1 + (i % 3), source: $"10.1.1.{i / 3}", destination: $"198.51.100.{i % 5}", severity: 1 + (i % 3))));
        await world.ReadAsync();
        var bundles = world.Get<ListBundles>();
        var bySignature = (await bundles.RunAsync(world.Analyst, new(new("inbox"), "signature"), None)).Value.Items;
        Assert.Equal([(1, 20L), (2, 20L), (3, 20L)], bySignature.Select(b => ((int)b.Severity, b.Groups)));
        Assert.Equal((20L, 5L), (bySignature[0].Sources, bySignature[0].Destinations));
        Assert.Equal(20, (await bundles.RunAsync(world.Analyst, new(new("inbox"), "source"), None)).Value.Items.Count);
        Assert.Equal(5, (await bundles.RunAsync(world.Analyst, new(new("inbox"), "destination"), None)).Value.Items.Count);
        Assert.Equal(20, (await bundles.RunAsync(world.Analyst, new(new("inbox"), "asset"), None)).Value.Items.Count);
        Assert.Equal("sensing.refused.view", (await bundles.RunAsync(world.Analyst, new(new("inbox"), "colour"), None)).Refusals[0].Key);

        var seen = new HashSet<string>();
        for (string? after = null; ;)
        {
            var page = (await bundles.RunAsync(world.Analyst, new(new("inbox"), "source", after, 7), None)).Value;
            Assert.All(page.Items, b => Assert.True(seen.Add(b.Key)));
            if ((after = page.Next) is null)
                break;
        }
        Assert.Equal(20, seen.Count);

        var wanted = new GroupsWanted(new("inbox"), [ListBundles.TermOf("signature", bySignature[0]), ListBundles.TermOf("signature", bySignature[1])]);
        var matching = world.Get<MatchingGroups>();
        var behind = (await matching.RunAsync(world.Analyst, new(wanted, new(DateTimeOffset.UtcNow, Guid.Empty, 100)), None)).Value;
        Assert.Equal(40, behind.Count);
        // In parts it is the same set, and what formed after the moment of asking is not in it.
        var first = (await matching.RunAsync(world.Analyst, new(wanted, new(DateTimeOffset.UtcNow, Guid.Empty, 15)), None)).Value;
        var rest = (await matching.RunAsync(world.Analyst, new(wanted, new(DateTimeOffset.UtcNow, first[^1], 100)), None)).Value;
        Assert.Equal(behind, [.. first, .. rest]);
        Assert.Empty((await matching.RunAsync(world.Analyst, new(wanted, new(DateTimeOffset.UtcNow.AddHours(-1), Guid.Empty, 100)), None)).Value);
        var closed = (await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(new GroupSelection(behind)), None)).Value;
        Assert.Equal(40, closed.Done);
        Assert.Equal(3, Assert.Single((await bundles.RunAsync(world.Analyst, new(new("inbox"), "signature"), None)).Value.Items).Severity);
    }

    [Fact]
    public async Task A_red_group_is_in_no_bundle_of_others()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(1, source: "10.1.1.2"));
        await world.ReadAsync();
        await using (var owner = Npgsql.NpgsqlDataSource.Create(world.Modules.Owner))
        await using (var command = owner.CreateCommand("update sensing.alert_groups set tlp = 4 where host(src) = '10.1.1.2'"))
            await command.ExecuteNonQueryAsync(None);
        foreach (var way in ListBundles.Ways.Skip(1))
        {
            var seen = (await world.Get<ListBundles>().RunAsync(world.Analyst, new(new("inbox"), way), None)).Value.Items;
            Assert.NotEmpty(seen);
            Assert.All(seen, b => Assert.Equal(1, b.Groups));
        }
    }

    [Fact]
    public async Task Query_bar_of_the_inbox()
    {
        await using var world = await SensingWorld.StartAsync();
        // Signatures 1 to 9 and 1010 to 1029 from one source each, and one more source of signature 9.
        world.Spool.Put("alerts", Enumerable.Range(1, 29).Select(i => SensorSpool.Alert(i < 10 ? i : 1000 + i, source: $"10.1.1.{i}", severity: 1 + (i % 3))).Append(SensorSpool.Alert(9, source: "10.1.1.77", severity: 1)));
        await world.ReadAsync();
        foreach (var (query, wanted) in new[]
        {
            ("-sev:1", 20),
            ("sev:1,2", 20),
            ("sid:1..9", 10),
            ("-sid:1..9", 20),
            ("(src:10.1.1.1 OR src:10.1.1.2)", 2),
            ("-src:10.1.1.1 src:10.1.1.0/24", 29),
            ("port:>1024 -port:80", 0),
            ("port:80,443", 30),
            ("-RULE", 0),
            ("-nothing", 30),
            ("is:constituent", 30),
            ("-is:new", 0),
            ("is:ticket", 0),
            ("name:evil", 30),
            ("-name:evil", 0),
            ("proto:http", 30),
            ("sensor:local", 30),
            ("-sensor:local", 0),
            ("score:>100", -1),
            ("count:1 score:1..100", 30),
            ("flow:4", 1),
            ("before:2020-01-01", 0),
        })
        {
            var outcome = await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox", Query: query)), None);
            Assert.Equal((query, wanted), (query, outcome.TryGet(out var page) ? (int)page.Total! : -1));
        }
    }

    [Fact]
    public async Task Query_bar_of_the_records()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events", Enumerable.Range(0, 40).Select(i => SensorSpool.Dns(i, $"n{i}.example")));
        world.Spool.Put("alerts", SensorSpool.Alert(77), SensorSpool.Alert(78, severity: 1));
        await world.ReadAsync();
        var search = world.Get<SearchEvents>();
        foreach (var (query, wanted) in new[]
        {
            ("-type:dns", 2), ("type:dns,alert", 42), ("name:n1", 11), ("-name:n1 type:dns", 29), ("sev:1", 1), ("-sid:77 type:alert", 1), ("flow:5,6", 2), ("port:5353", 40),
            ("-port:53", 2), ("is:replay", 0), ("-is:replay", 42), ("after:2020-01-01", 42), ("\"n7.example\"", 1), ("-example type:dns", 0),
        })
            Assert.Equal((query, wanted), (query, (await search.RunAsync(world.Analyst, new(query, Size: 200), None)).Value.Rows.Items.Count));
    }
}
