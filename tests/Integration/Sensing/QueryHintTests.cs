using System.Diagnostics;
using Appliance.Contracts;
using Appliance.Sensing.Events;
using Appliance.Sensing.Filter;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Triage;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>What the query bars offer: the grammar of the page, then values with counts, as far as the viewer may see them.</summary>
public sealed class QueryHintTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_inbox_offers_fields_and_then_what_its_groups_have()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", Enumerable.Range(1, 30).Select(i => SensorSpool.Alert(1 + (i % 4), source: $"10.1.1.{i % 12}", destination: i % 2 == 0 ? "192.0.2.7" : "198.51.100.9", severity: 1 + (i % 3))));
        await world.ReadAsync();
        var inbox = world.Get<GroupHints>();

        var fields = await AskAsync(inbox, world.Analyst, "s");
        Assert.Equal(["src:", "sid:", "sev:", "score:", "sensor:"], fields.Items.Select(h => h.Insert));
        Assert.All(fields.Items, h => Assert.StartsWith("sensing.query.field.", h.AboutKey, StringComparison.Ordinal));

        var sources = await AskAsync(inbox, world.Analyst, "src:");
        Assert.Equal(QueryHints.Most, sources.Items.Count);
        Assert.All(sources.Items, h => Assert.StartsWith("10.1.1.", h.Insert, StringComparison.Ordinal));
        Assert.Equal(sources.Items.OrderByDescending(h => h.Count), sources.Items);
        Assert.All((await AskAsync(inbox, world.Analyst, "src:10.1.1.1")).Items, h => Assert.StartsWith("10.1.1.1", h.Insert, StringComparison.Ordinal));

        var bank = Assert.Single((await AskAsync(inbox, world.Analyst, "dst:192")).Items);
        Assert.Equal(("192.0.2.7", "National Bank"), (bank.Insert, bank.About));
        var signature = (await AskAsync(inbox, world.Analyst, "sid:2")).Items[0];
        Assert.Equal("2", signature.Insert);
        Assert.Contains("2", signature.About, StringComparison.Ordinal);
        var groups = (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox", Query: "sid:2")), None)).Value;
        Assert.Equal(groups.Total, signature.Count);

        // What an offered word counts is what the word then finds.
        foreach (var (field, hint) in (await AskAsync(inbox, world.Analyst, "is:")).Items.Select(h => ("is", h)).Concat((await AskAsync(inbox, world.Analyst, "sev:")).Items.Select(h => ("sev", h))))
            Assert.Equal((hint.Insert, hint.Count), (hint.Insert, (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox", Query: $"{field}:{hint.Insert}")), None)).Value.Total));
        Assert.Empty((await AskAsync(inbox, world.Analyst, "nosuch:")).Items);
        Assert.Equal(4, (await AskAsync(inbox, world.Analyst, "after:")).Items.Count);
    }

    [Fact]
    public async Task What_a_viewer_may_not_see_is_neither_offered_nor_counted()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1, source: "10.1.1.1"), SensorSpool.Alert(1, source: "10.1.1.2"), SensorSpool.Alert(4711, source: "10.9.9.9"));
        world.Spool.Put("events", SensorSpool.Dns(1, "open.example"), SensorSpool.Dns(2, "secret.example"));
        await world.ReadAsync();
        await using (var owner = NpgsqlDataSource.Create(world.Modules.Owner))
        await using (var command = owner.CreateCommand(
            "update sensing.alert_groups set tlp = 4 where sid = 4711; update sensing.alerts set tlp = 4 where sid = 4711; update sensing.events set tlp = 4 where name like 'secret%'"))
            await command.ExecuteNonQueryAsync(None);
        var bars = new (QueryHints Bar, string[] Asked)[] { (world.Get<GroupHints>(), ["src:", "ip:", "sid:", "name:", "sev:"]), (world.Get<EventHints>(), ["src:", "ip:", "sid:", "name:", "type:"]) };
        foreach (var (bar, asked) in bars)
        {
            foreach (var text in asked)
            {
                var offered = (await AskAsync(bar, world.Analyst, text)).Items;
                Assert.NotEmpty(offered);
                Assert.All(offered, h => Assert.False(h.Text is "10.9.9.9" or "4711" or "secret.example", $"{bar.GetType().Name} offers {h.Text} for {text}"));
                Assert.DoesNotContain("4711", offered.Select(h => h.About).OfType<string>().SelectMany(a => a.Split(' ')));
            }
        }
        Assert.Equal(2, Assert.Single((await AskAsync(bars[0].Bar, world.Analyst, "sid:")).Items).Count);
        Assert.Equal((1L, 2L), ((await AskAsync(bars[1].Bar, world.Analyst, "type:dns")).Items[0].Count, (await AskAsync(bars[1].Bar, world.Analyst, "type:alert")).Items[0].Count));

        // Who may not read alerts is told nothing at all.
        var auditor = world.Modules.Person("audrey", Role.Auditor);
        foreach (var (bar, _) in bars)
            Assert.Equal(RefusalKind.Forbidden, (await bar.RunAsync(auditor, new("src:", 4), None)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Values_that_hold_blanks_stand_quoted_and_mean_what_they_say()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(2, source: "10.1.1.2"));
        await world.ReadAsync();
        await using (var owner = NpgsqlDataSource.Create(world.Modules.Owner))
        await using (var command = owner.CreateCommand("update sensing.alert_groups set name = case sid when 1 then 'a, (b) OR src:c' else 'say \"so\"' end"))
            await command.ExecuteNonQueryAsync(None);
        var hint = Assert.Single((await AskAsync(world.Get<GroupHints>(), world.Analyst, "name:")).Items);
        Assert.Equal("\"a, (b) OR src:c\"", hint.Insert);
        Assert.Equal(1, (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox", Query: $"name:{hint.Insert}")), None)).Value.Total);
    }

    [Fact]
    public async Task A_slow_database_costs_a_third_of_a_second_and_the_values()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        await using var holder = await owner.OpenConnectionAsync(None);
        await using var transaction = await holder.BeginTransactionAsync(None);
        await using (var hold = new NpgsqlCommand("lock table sensing.alert_groups in access exclusive mode", holder, transaction))
            await hold.ExecuteNonQueryAsync(None);
        var started = Stopwatch.GetTimestamp();
        var values = await AskAsync(world.Get<GroupHints>(), world.Analyst, "src:");
        Assert.True(values.Partial);
        Assert.Empty(values.Items);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0.25, 5);
        Assert.NotEmpty((await AskAsync(world.Get<GroupHints>(), world.Analyst, "")).Items);
    }

    [Fact]
    public async Task Mine_and_owner_are_words_of_the_bar()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(2), SensorSpool.Alert(3));
        await world.ReadAsync();
        var all = (await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox")), None)).Value.Items;
        await world.Get<AssignAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(all[0].Id)), None);
        foreach (var (query, wanted) in new[] { ("is:mine", 1), ("-is:mine", 2), ("owner:an", 1), ("-owner:ana", 2), ("owner:bob", 0) })
            Assert.Equal((query, wanted), (query, (int)(await world.Get<ListGroups>().RunAsync(world.Analyst, new(new("inbox", Query: query)), None)).Value.Total!));
        Assert.Equal(0, (await world.Get<ListGroups>().RunAsync(world.Modules.Person("bob", Role.Analyst), new(new("inbox", Query: "is:mine")), None)).Value.Total);
        Assert.Equal("ana", Assert.Single((await AskAsync(world.Get<GroupHints>(), world.Analyst, "owner:")).Items).Insert);
    }

    private static async Task<QueryHintsAnswer> AskAsync(QueryHints bar, Viewer viewer, string text) => (await bar.RunAsync(viewer, new(text, text.Length), None)).Value;
}
