using System.Text;
using Appliance.Contracts;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Appliance.Sensing.Triage;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>What people decide about rules: it survives updates, reaches the sensor, ends when it should, and is told.</summary>
public sealed class RulesDepthTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Action_and_limit_survive_an_update_of_the_source_and_reach_the_sensor()
    {
        await using var world = await SensingWorld.StartAsync();
        await CarryAsync(world, "set.rules", Rule(1, "a"), Rule(2, "b"), Rule(3, "c"));
        var tune = world.Get<TuneRules>();
        Assert.True((await tune.RunAsync(world.Analyst, new([(1, 1)], "pass"), None)).Succeeded);
        Assert.True((await tune.RunAsync(world.Analyst, new([(1, 2)], null, new("limit", "by_src", 1, 3600), "too loud"), None)).Succeeded);
        await CarryAsync(world, "set.rules", Rule(1, "a2"), Rule(2, "b"), Rule(4, "d"));

        var rows = (await world.Get<ListRules>().RunAsync(world.Analyst, new("changed"), None)).Value.Items;
        Assert.Equal([("pass", null), (null, "too loud")], rows.Select(r => (r.Action, string.IsNullOrEmpty(r.Note) ? null : r.Note)));
        Assert.Equal(new RuleLimit("limit", "by_src", 1, 3600), rows[1].Limit);
        var folder = await PublishAsync(world);
        Assert.Equal(["pass ", "alert", "alert"], (await File.ReadAllLinesAsync(Path.Combine(folder, "rules", "set-rules--set.rules"), None)).Select(l => l[..5]));
        Assert.Equal("event_filter gen_id 1, sig_id 2, type limit, track by_src, count 1, seconds 3600\n", await File.ReadAllTextAsync(Path.Combine(folder, "threshold.config"), None));

        Assert.True((await tune.RunAsync(world.Analyst, new([(1, 1), (1, 2)]), None)).Succeeded);
        Assert.Empty((await world.Get<ListRules>().RunAsync(world.Analyst, new("changed"), None)).Value.Items);
        Assert.Equal("sensing.refused.rule-action", (await tune.RunAsync(world.Analyst, new([(1, 1)], "shout"), None)).Refusals[0].Key);
        Assert.Equal("sensing.refused.rule-limit", (await tune.RunAsync(world.Analyst, new([(1, 1)], null, new("limit", "by_src", 0, 1)), None)).Refusals[0].Key);
        Assert.Equal(RefusalKind.Forbidden, (await tune.RunAsync(world.Modules.Person("op", Role.Operator), new([(1, 1)], "pass"), None)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Each_version_of_a_source_says_what_it_changed()
    {
        await using var world = await SensingWorld.StartAsync();
        var source = await CarryAsync(world, "set.rules", Rule(1, "a"), Rule(2, "b"), Rule(3, "c"));
        await CarryAsync(world, "set.rules", Rule(1, "a"), Rule(2, "changed").Replace("rev:1", "rev:2", StringComparison.Ordinal), "#" + Rule(4, "d"));
        await CarryAsync(world, "set.rules", Rule(1, "a"), Rule(2, "changed").Replace("rev:1", "rev:2", StringComparison.Ordinal), "#" + Rule(4, "d"));
        var changes = (await world.Get<ListSourceChanges>().RunAsync(world.Analyst, new(source), None)).Value;
        Assert.Equal([(1, 1, 1), (3, 0, 0)], changes.Select(c => (c.Added, c.Changed, c.Removed)));
        Assert.Equal([("added", 4L), ("changed", 2L), ("removed", 3L)], changes[0].First.Select(r => (r.Kind, r.Sid)));
        Assert.Equal((1, 2), (changes[0].First[1].Before!.Value, changes[0].First[1].Rev));
        var row = (await world.Get<ListRuleSources>().RunAsync(world.Analyst, new(), None)).Value.Single(s => s.Id == source);
        Assert.Equal((1, 1, 1, changes[0].Checksum), (row.LastAdded!.Value, row.LastChanged!.Value, row.LastRemoved!.Value, row.Checksum));
    }

    [Fact]
    public async Task A_source_is_asked_as_often_as_someone_said()
    {
        await using var world = await SensingWorld.StartAsync();
        var id = (await world.Get<AddRuleSource>().RunAsync(world.Analyst, new("inside", "http://127.0.0.1:9/x.rules"), None)).Value;
        var change = world.Get<ChangeRuleSource>();
        Assert.Equal("sensing.refused.every-hours", (await change.RunAsync(world.Analyst, new(id, EveryHours: 0), None)).Refusals[0].Key);
        Assert.True((await change.RunAsync(world.Analyst, new(id, EveryHours: 6), None)).Succeeded);
        var fetcher = world.Get<RuleFetcher>();
        Assert.True(await fetcher.FetchAsync(None));
        Assert.False(await fetcher.FetchAsync(None));
        // After a failure in an hour, after a success when its time has come.
        await SetAsync(world, "update sensing.rule_sources set checked_at = now() - interval '2 hours' where name = 'inside'");
        Assert.True(await fetcher.FetchAsync(None));
        await SetAsync(world, "update sensing.rule_sources set checked_at = now() - interval '5 hours', last_error = null where name = 'inside'");
        Assert.False(await fetcher.FetchAsync(None));
        await SetAsync(world, "update sensing.rule_sources set checked_at = now() - interval '7 hours' where name = 'inside'");
        Assert.True(await fetcher.FetchAsync(None));
    }

    [Fact]
    public async Task Rules_are_written_here_checked_by_the_engines_parser_and_no_edit_is_lost_under_another()
    {
        await using var world = await SensingWorld.StartAsync();
        var show = world.Get<ShowOwnRules>();
        var save = world.Get<SaveOwnRules>();
        var start = (await show.RunAsync(world.Analyst, new(), None)).Value;
        Assert.Equal("", start.Text);
        var text = $"{Rule(8000001, "mine")}\nalert tcp any any -> any any (msg:\"bad\"; nosuchkeyword:1; sid:8000002;)\n# alert tcp any any -> any any (msg:\"off\"; content:\"z\"; sid:8000003;)\n{Rule(8000001, "again")}\n";
        var found = (await world.Get<CheckRules>().RunAsync(world.Analyst, new(text), None)).Value;
        Assert.Equal((1, 1), (found.On, found.Off));
        Assert.Equal([(2, "nosuchkeyword"), (4, "sid")], found.Faults.Select(f => (f.Line, f.Keyword!)));

        Assert.Equal((4, 1), Counts((await save.RunAsync(world.Analyst, new(text, start.Checksum), None)).Value));
        Assert.Equal("sensing.refused.rules-changed-meanwhile", (await save.RunAsync(world.Analyst, new("", start.Checksum), None)).Refusals[0].Key);
        var now = (await show.RunAsync(world.Analyst, new(), None)).Value;
        Assert.Equal(text, now.Text);
        Assert.True((await save.RunAsync(world.Analyst, new("", now.Checksum), None)).Succeeded);
        await CarryAsync(world, "other.rules", Rule(8000009, "elsewhere"));
        Assert.Equal([8000009L], (await world.Get<CheckRules>().RunAsync(world.Analyst, new(Rule(8000009, "here")), None)).Value.Elsewhere);
    }

    [Fact]
    public async Task Suppression_on_the_sensors_holds_until_its_end_and_is_let_go_of_there()
    {
        await using var world = await SensingWorld.StartAsync();
        await CarryAsync(world, "set.rules", Rule(5, "a"));
        var suppress = world.Get<SuppressAlerts>();
        Assert.Equal("sensing.refused.suppress-on-sensors", (await suppress.RunAsync(world.Analyst, new(1, 5, "10.0.0.1", "10.0.0.2", 7, "why", OnSensors: true), None)).Refusals[0].Key);
        var rule = (await suppress.RunAsync(world.Analyst, new(1, 5, "10.0.0.0/8", null, 7, "our scanner", OnSensors: true), None)).Value;
        Assert.Equal("suppress gen_id 1, sig_id 5, track by_src, ip 10.0.0.0/8\n", await File.ReadAllTextAsync(Path.Combine(await PublishAsync(world), "threshold.config"), None));
        Assert.True(Assert.Single((await world.Get<ListAutoClose>().RunAsync(world.Analyst, new(), None)).Value).OnSensors);
        Assert.Equal(0, await world.Get<Expiry>().RunAsync(None));
        Assert.True((await world.Get<EndAutoClose>().RunAsync(world.Analyst, new(rule), None)).Succeeded);
        Assert.False(File.Exists(Path.Combine(await PublishAsync(world), "threshold.config")));

        await suppress.RunAsync(world.Analyst, new(1, 5, null, "10.0.0.9", 1, "for a day", OnSensors: true), None);
        Assert.Contains("track by_dst", await File.ReadAllTextAsync(Path.Combine(await PublishAsync(world), "threshold.config"), None), StringComparison.Ordinal);
        await SetAsync(world, "update sensing.auto_close_rules set expires_at = now() - interval '1 second' where removed_at is null");
        Assert.Equal(1, await world.Get<Expiry>().RunAsync(None));
        Assert.Equal(0, await world.Get<Expiry>().RunAsync(None));
        Assert.False(File.Exists(Path.Combine(await PublishAsync(world), "threshold.config")));
    }

    [Fact]
    public async Task Indicator_is_looked_for_until_its_end_and_again_when_the_peer_prolongs_it()
    {
        await using var world = await SensingWorld.StartAsync();
        await IndicatorAsync(world, DateTimeOffset.UtcNow.AddHours(1));
        var list = world.Get<ListIndicators>();
        var line = Assert.Single((await list.RunAsync(world.Analyst, new(), None)).Value);
        Assert.True(File.Exists(Path.Combine(await PublishAsync(world), "rules", "indicators.rules")));
        await SetAsync(world, "update sensing.indicators set valid_until = now() - interval '1 second'");
        Assert.Equal(1, await world.Get<Expiry>().RunAsync(None));
        Assert.False(File.Exists(Path.Combine(await PublishAsync(world), "rules", "indicators.rules")));
        Assert.NotNull(Assert.Single((await list.RunAsync(world.Analyst, new(), None)).Value).EndedAt);

        await IndicatorAsync(world, DateTimeOffset.UtcNow.AddHours(2));
        Assert.True(File.Exists(Path.Combine(await PublishAsync(world), "rules", "indicators.rules")));
        Assert.True((await world.Get<EndIndicator>().RunAsync(world.Analyst, new(line.Sid), None)).Succeeded);
        await IndicatorAsync(world, DateTimeOffset.UtcNow.AddHours(3));
        Assert.False(File.Exists(Path.Combine(await PublishAsync(world), "rules", "indicators.rules")));
        Assert.Equal("ana", Assert.Single((await list.RunAsync(world.Analyst, new("evil"), None)).Value).EndedBy);
        Assert.Empty((await list.RunAsync(world.Analyst, new("nothing_like%it"), None)).Value);
    }

    [Fact]
    public async Task Noise_advisor_never_advises_against_what_mattered()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", [
            .. Enumerable.Repeat(SensorSpool.Alert(1, source: "10.1.1.1"), 120),
            .. Enumerable.Range(0, 150).Select(i => SensorSpool.Alert(2, source: $"10.2.2.{i % 50}")),
            .. Enumerable.Range(0, 110).Select(i => SensorSpool.Alert(3, source: $"10.3.3.{i % 2}")),
            SensorSpool.Alert(4),
        ]);
        await world.ReadAsync();
        var second = await MatchingAsync(world, "sid:2");
        await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(new GroupSelection(second), "false"), None);
        var third = await MatchingAsync(world, "sid:3");
        await world.Get<CloseAlerts>().RunAsync(world.Analyst, new(GroupSelection.One(third[0]), "true"), None);
        var rows = (await world.Get<NoiseAdvisor>().RunAsync(world.Analyst, new(), None)).Value;
        Assert.Equal([(2L, "switch-off"), (1L, "suppress"), (3L, "limit"), (4L, "watch")], rows.Select(r => (r.Sid, r.Advice)));
        Assert.Equal("10.1.1.1", rows[1].OnlySource);
        Assert.Equal((150L, 50L, 1L), (rows[0].Alerts, rows[0].Harmless, rows[2].True));
        Assert.InRange(rows.Sum(r => r.Share), 99.5, 100.5);
    }

    private static (int, int) Counts(CarriedRules saved) => (saved.Rules, saved.Wrong);

    private static string Rule(long sid, string message) => $"alert tcp any any -> any any (msg:\"{message}\"; content:\"x\"; sid:{sid}; rev:1;)";

    private static async Task<Guid> CarryAsync(SensingWorld world, string name, params string[] rules) =>
        (await world.Get<CarryRules>().RunAsync(world.Analyst, new(name, Encoding.UTF8.GetBytes(string.Join('\n', rules) + "\n")), None)).Value.Source;

    [Fact]
    public async Task Costly_rules_are_what_each_sensor_said_last()
    {
        await using var world = await SensingWorld.StartAsync();
        var costs = world.Get<CostlyRules>();
        Assert.Empty((await costs.RunAsync(world.Analyst, new(), None)).Value);
        world.Spool.Put(
            "alerts",
            [
                SensorSpool.Alert(7),
                SensorSpool.Engine("""{"message":"rule costs","generation":1,"packets":10,"every":64,"micros":100,"rules":[{"gid":1,"sid":9,"checks":1,"matches":0,"micros":99}]}"""),
                SensorSpool.Engine("""{"message":"rule costs","generation":2,"packets":400,"every":64,"micros":2000,"rules":[{"gid":1,"sid":8,"checks":10,"matches":0,"micros":500},{"gid":1,"sid":7,"checks":300,"matches":3,"micros":1500}]}"""),
            ]);
        await world.ReadAsync();
        var rows = (await costs.RunAsync(world.Analyst, new(), None)).Value;
        Assert.Equal([(7L, 75.0, 5.0, 3L, 2L), (8L, 25.0, 50.0, 0L, 2L)], rows.Select(r => (r.Sid, r.Share, r.Each, r.Matches, r.Generation)));
        Assert.NotEqual("", rows[0].Message);
        // What a sensor says is a stranger's text: nonsense in it leaves the page empty, not broken.
        world.Spool.Put("alerts", SensorSpool.Engine("""{"message":"rule costs","generation":3,"packets":1,"every":64,"micros":"x","rules":["none",{"sid":"a","gid":1},{"sid":5,"gid":99999999999}]}"""));
        await world.ReadAsync();
        Assert.Empty((await costs.RunAsync(world.Analyst, new(), None)).Value);
    }

    private static async Task<string> PublishAsync(SensingWorld world)
    {
        Assert.True(await world.Get<GenerationWriter>().PublishAsync(None));
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        return Directory.GetDirectories(sensor.Control, "generation-*").Order(StringComparer.Ordinal).Last();
    }

    private static Task SetAsync(SensingWorld world, string sql) => world.Modules.Database.ExecuteAsync(sql, null, None);

    private static async Task IndicatorAsync(SensingWorld world, DateTimeOffset until)
    {
        await using (var work = await world.Modules.Database.BeginAsync(Viewer.System("test"), None))
        {
            work.Publish(new IndicatorReceived { Marking = Marking.Default, StixId = "indicator--1", Peer = PeerId.New(), Observables = [new("domain", "evil.example")], ValidUntil = until });
            await work.CommitAsync(None);
        }
        await world.Modules.DeliverAsync();
    }

    private static async Task<IReadOnlyList<Guid>> MatchingAsync(SensingWorld world, string query) =>
        (await world.Get<Appliance.Sensing.Inbox.MatchingGroups>().RunAsync(world.Analyst, new(new(new("inbox", Query: query)), new(DateTimeOffset.UtcNow, Guid.Empty, 1000)), None)).Value;
}
