using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Xunit;

namespace Appliance.Integration.Sensing;

public sealed class RulesAndCapturesTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Carried_rules_and_choices_reach_the_sensor_as_a_generation()
    {
        await using var world = await SensingWorld.StartAsync();
        const string body = "alert tcp any any -> any any (msg:\"good\"; content:\"x\"; sid:1;)\nalert tcp any any -> any any (msg:\"bad\"; nosuchkeyword:1; sid:2;)\n#alert tcp any any -> any any (msg:\"off\"; content:\"y\"; sid:3;)\n";
        var carried = (await world.Get<CarryRules>().RunAsync(world.Analyst, new("mine.rules", Encoding.UTF8.GetBytes(body)), None)).Value;
        Assert.Equal((3, 1), (carried.Rules, carried.Wrong));
        var wrong = Assert.Single((await world.Get<ListRules>().RunAsync(world.Analyst, new("wrong"), None)).Value.Items);
        Assert.Equal(("mine.rules", 2, 2L, "nosuchkeyword"), (wrong.File, wrong.Line, wrong.Sid, wrong.ErrorKeyword));

        await world.Get<SwitchRules>().RunAsync(world.Analyst, new([(1, 1)], false), None);
        await world.Get<SwitchRules>().RunAsync(world.Analyst, new([(1, 3)], true), None);
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        await world.Get<ConfigureSensor>().RunAsync(world.Analyst, new(sensor.Id, ["eth7"], ["192.0.2.0/24"]), None);
        Assert.False((await world.Get<ConfigureSensor>().RunAsync(world.Analyst, new(sensor.Id, ["../etc"]), None)).Succeeded);

        Assert.True(await world.Get<GenerationWriter>().PublishAsync(None));
        Assert.False(await world.Get<GenerationWriter>().PublishAsync(None));
        var generation = Path.Combine(sensor.Control, "generation-000001");
        var rules = await File.ReadAllTextAsync(Path.Combine(generation, "rules", "mine-rules--mine.rules"), None);
        Assert.Equal(["# alert", "alert t", "alert t"], rules.Split('\n')[..3].Select(l => l[..7]));
        using var settings = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(generation, "settings.json"), None));
        Assert.Equal("eth7", settings.RootElement.GetProperty("interfaces")[0].GetProperty("name").GetString());
        Assert.Equal("192.0.2.0/24", settings.RootElement.GetProperty("home_networks")[0].GetString());
    }

    [Fact]
    public async Task Nothing_is_captured_before_someone_chose_and_nothing_is_fetched_before_someone_switched_it_on()
    {
        await using var world = await SensingWorld.StartAsync();
        Assert.True(await world.Get<GenerationWriter>().PublishAsync(None));
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        using var settings = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(sensor.Control, "generation-000001", "settings.json"), None));
        Assert.Equal(0, settings.RootElement.GetProperty("interfaces").GetArrayLength());
        Assert.False(await world.Get<RuleFetcher>().FetchAsync(None));
    }

    [Fact]
    public async Task Source_that_leads_inside_is_refused_and_says_so()
    {
        await using var world = await SensingWorld.StartAsync();
        Assert.False((await world.Get<AddRuleSource>().RunAsync(world.Analyst, new("x", "ftp://x.example/"), None)).Succeeded);
        Assert.True((await world.Get<AddRuleSource>().RunAsync(world.Analyst, new("inside", "http://127.0.0.1:9/x.rules"), None)).Succeeded);
        Assert.True(await world.Get<RuleFetcher>().FetchAsync(None));
        var source = (await world.Get<ListRuleSources>().RunAsync(world.Analyst, new(), None)).Value.Single(s => s.Name == "inside");
        Assert.Contains("127.0.0.1", source.LastError, StringComparison.Ordinal);
        Assert.False(await world.Get<RuleFetcher>().FetchAsync(None));
    }

    [Fact]
    public async Task Indicator_becomes_a_rule_of_the_next_generation()
    {
        await using var world = await SensingWorld.StartAsync();
        await using (var work = await world.Modules.Database.BeginAsync(Viewer.System("test"), None))
        {
            work.Publish(new IndicatorReceived
            {
                Marking = new Marking(Tlp.Red, Named: [UserId.New()]),
                StixId = "indicator--1",
                Peer = PeerId.New(),
                Observables = [new("domain", "evil.example"), new("sha256", "aa"), new("ipv4", "192.0.2.66")],
            });
            await work.CommitAsync(None);
        }
        await world.Modules.DeliverAsync();
        await world.Get<GenerationWriter>().PublishAsync(None);
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        var folder = Path.Combine(sensor.Control, "generation-000001", "rules");
        Assert.Contains("<> [192.0.2.66]", await File.ReadAllTextAsync(Path.Combine(folder, "indicators.rules"), None), StringComparison.Ordinal);
        Assert.Equal("evil.example\n", await File.ReadAllTextAsync(Path.Combine(folder, "indicators-domain.lst"), None));
    }

    [Fact]
    public async Task Capture_is_queued_answered_and_cleared_away()
    {
        await using var world = await SensingWorld.StartAsync();
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        byte[] content = [0xD4, 0xC3, 0xB2, 0xA1, .. new byte[100]];
        var file = (await CaptureFile.StoreAsync(Path.Combine(sensor.Control, "captures"), "x.pcap", new MemoryStream(content), 1 << 20, None)).Value;
        var id = (await world.Get<TakeCapture>().RunAsync(world.Analyst, new(sensor, file, Exercise: true), None)).Value;
        await world.Get<CaptureJobs>().LookAsync(None);
        var job = Path.Combine(sensor.Control, "jobs", $"{id}.json");
        using (var document = JsonDocument.Parse(await File.ReadAllTextAsync(job, None)))
            Assert.Equal((id.ToString(), $"control/captures/{id}.pcap"), (document.RootElement.GetProperty("id").GetString(), document.RootElement.GetProperty("file").GetString()));

        world.Spool.Put("alerts",
            SensorSpool.Engine($$"""{"message":"job started","job":"{{id}}","file":"x","generation":1}"""),
            SensorSpool.Alert(1, extra: $",\"replay\":\"{id}\""),
            SensorSpool.Engine($$"""{"message":"job done","job":"{{id}}","packets":7,"bytes":100,"alerts":1,"records":3,"seconds":0.1,"first_packet":"2017-01-05T09:11:22.000000+0000","last_packet":"2017-01-05T09:12:00.000000+0000","truncated":true,"truncated_at":90,"reason":"cut"}"""));
        await world.ReadAsync();
        var row = Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value);
        Assert.Equal(("done", 7L, 1L, 90L), (row.State, row.Packets, row.Alerts, row.TruncatedAt));
        Assert.True(await world.AskAsync<bool>("select exercise from sensing.alert_groups"));
        await world.Get<CaptureJobs>().LookAsync(None);
        Assert.False(File.Exists(job));

        Assert.True((await world.Get<ReplayCapture>().RunAsync(world.Analyst, new(id), None)).Succeeded);
        Assert.Equal("sensing.refused.capture-busy", (await world.Get<DiscardCapture>().RunAsync(world.Analyst, new(id), None)).Refusals[0].Key);
    }

    [Fact]
    public async Task Bundled_rules_are_taken_once_and_load_without_an_error()
    {
        await using var world = await SensingWorld.StartAsync();
        await world.Get<RuleFetcher>().TakeBundledAsync(None);
        var source = (await world.Get<ListRuleSources>().RunAsync(world.Analyst, new(), None)).Value.Single(s => s.Kind == "bundled");
        Assert.True(source.Rules >= 20);
        Assert.Equal(0, source.Wrong);
        var wanted = await world.AskAsync<string>("select value #>> '{}' from sensing.settings where key = 'wanted_generation'");
        await world.Get<RuleFetcher>().TakeBundledAsync(None);
        Assert.Equal(wanted, await world.AskAsync<string>("select value #>> '{}' from sensing.settings where key = 'wanted_generation'"));
    }
}
