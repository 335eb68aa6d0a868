using Appliance.Contracts;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>What peers and advisories name, looked for by a real sensor in a capture, and what comes back.</summary>
public sealed class IndicatorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Indicators_become_sets_of_a_generation_and_each_alert_is_its_indicators()
    {
        await using var world = await SensingWorld.StartAsync();
        // Found by name above it, by address, by network, by its whole address; and one that the capture does not hold.
        await TellAsync(world, new IndicatorReceived
        {
            Marking = Marking.Default,
            StixId = "indicator--1",
            Peer = PeerId.New(),
            Observables = [new("domain", "BadActor.example."), new("ipv4", "203.0.113.66"), new("ipv4", "198.51.100.16/28"), new("url", "http://img.badactor.example/cat.jpg"), new("domain", "nowhere.example"), new("ipv4", "not an address")],
            ValidUntil = DateTimeOffset.UtcNow.AddDays(1),
        });
        var advisory = Advisory(1, new Observable("sha256", await TheToolAsync(world)));
        await TellAsync(world, advisory);
        var list = (await world.Get<ListIndicators>().RunAsync(world.Analyst, new(), Cancel)).Value;
        Assert.Equal((7, 1, "ADV-2026-0007"), (list.Count, list.Count(l => !l.Usable), Assert.Single(list, l => l.Type == "sha256").Origin));

        await ReplayAsync(world);
        var found = (await world.Modules.Database.QueryAsync<(long Sid, string Signature, long Alerts)>("select g.sid, min(g.signature), sum(g.count)::bigint from sensing.alert_groups g group by g.sid", null, Cancel)).ToDictionary(f => f.Sid);
        foreach (var line in list)
            Assert.Equal(line.Value is not "nowhere.example" and not "not an address", found.ContainsKey(line.Sid));
        Assert.Equal("Indicator: domain", found[list.First(l => l.Value == "BadActor.example.").Sid].Signature);
        Assert.DoesNotContain(found.Keys, sid => IndicatorRules.KindOf(1, sid) is not null);
        // The same counts stand beside the indicators.
        Assert.All((await world.Get<ListIndicators>().RunAsync(world.Analyst, new(), Cancel)).Value, l => Assert.Equal(found.TryGetValue(l.Sid, out var f) ? f.Alerts : 0, l.Alerts));
    }

    [Fact]
    public async Task A_revision_takes_back_what_it_no_longer_names_and_none_is_looked_for_where_the_settings_say_so()
    {
        await using var world = await SensingWorld.StartAsync();
        await TellAsync(world, Advisory(1, new("domain", "one.example"), new("domain", "two.example"), new("email", "a@two.example")));
        Assert.Equal("one.example\ntwo.example\n", await DomainsAsync(world));
        await TellAsync(world, Advisory(2, new("domain", "two.example"), new("domain", "three.example")));
        Assert.Equal("two.example\nthree.example\n", await DomainsAsync(world));
        Assert.InRange(await world.AskAsync<double>("select extract(epoch from max(valid_until) - now())::float8 / 86400 from sensing.indicators"), 29, 30.1);

        await using var other = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:advisoryIndicatorDays"] = "0" });
        await TellAsync(other, Advisory(1, new Observable("domain", "one.example")));
        Assert.Equal(0, await other.AskAsync<long>("select count(*) from sensing.indicators"));
    }

    [Fact]
    public async Task What_may_not_leave_the_box_goes_to_no_sensor_and_a_later_word_on_it_counts()
    {
        await using var world = await SensingWorld.StartAsync();
        await TellAsync(world, Named(Marking.Default with { Pap = Pap.Red }, "quiet.example"));
        await TellAsync(world, Named(Marking.Default, "loud.example") with { StixId = "indicator--2" });
        Assert.Equal("loud.example\n", await DomainsAsync(world));
        var list = (await world.Get<ListIndicators>().RunAsync(world.Analyst, new(), Cancel)).Value;
        Assert.Equal((false, true), (list.First(l => l.Value == "quiet.example").Searched, list.First(l => l.Value == "loud.example").Searched));

        await TellAsync(world, Named(Marking.Default with { Pap = Pap.Green }, "quiet.example"));
        Assert.Equal("quiet.example\nloud.example\n", await DomainsAsync(world));
    }

    private static IndicatorReceived Named(Marking marking, string name) =>
        new() { Marking = marking, StixId = "indicator--1", Peer = new PeerId(Guid.Parse("0198c7a0-0000-7000-8000-0000000000ae")), Observables = [new("domain", name)], ValidUntil = DateTimeOffset.UtcNow.AddDays(1) };

    private static AdvisoryPublished Advisory(int revision, params Observable[] observables) =>
        new() { Marking = Marking.Default, Advisory = new AdvisoryId(Guid.Parse("0198c7a0-0000-7000-8000-0000000000ad")), Number = "ADV-2026-0007", Revision = revision, Title = "t", Summary = "s", Body = "b", Severity = 2, Observables = observables };

    private static async Task TellAsync(SensingWorld world, EventRecord fact)
    {
        await using (var work = await world.Modules.Database.BeginAsync(Viewer.System("test"), Cancel))
        {
            work.Publish(fact);
            await work.CommitAsync(Cancel);
        }
        await world.Modules.DeliverAsync();
    }

    private static async Task<string> DomainsAsync(SensingWorld world)
    {
        Assert.True(await world.Get<GenerationWriter>().PublishAsync(Cancel));
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(Cancel));
        return await File.ReadAllTextAsync(Path.Combine(Directory.GetDirectories(sensor.Control, "generation-*").Order(StringComparer.Ordinal).Last(), "rules", "indicators-domain.lst"), Cancel);
    }

    /// <summary>Digest of a file in the sample capture, as a sensor finds it.</summary>
    private static async Task<string> TheToolAsync(SensingWorld world)
    {
        var folder = Directory.CreateDirectory(Path.Combine(world.Root, "alone")).FullName;
        var rules = Path.Combine(folder, "any.rules");
        await File.WriteAllTextAsync(Path.Combine(folder, "none.lst"), new string('0', 64) + "\n", Cancel);
        await File.WriteAllTextAsync(rules, "alert http any any -> any any (filesha256:none.lst; sid:1;)\n", Cancel);
        var (code, output) = await CirtProcess.RunAsync(["sensor", "-r", Capture, "-S", rules, "-l", folder]);
        Assert.True(code == 0, output);
        return (await File.ReadAllLinesAsync(Path.Combine(folder, "eve.json"), Cancel))
            .Select(static l => System.Text.Json.JsonDocument.Parse(l).RootElement)
            .Where(static r => r.GetProperty("event_type").GetString() == "fileinfo" && r.GetProperty("fileinfo").GetProperty("filename").GetString() == "/tool.bin")
            .Select(static r => r.GetProperty("fileinfo").GetProperty("sha256").GetString()!)
            .First();
    }

    private static string Capture => Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap");

    private static async Task ReplayAsync(SensingWorld world)
    {
        Assert.True(await world.Get<GenerationWriter>().PublishAsync(Cancel));
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(Cancel));
        File.Copy(Capture, Path.Combine(sensor.Control, "captures", "sample.pcap"));
        await File.WriteAllTextAsync(Path.Combine(sensor.Control, "jobs", "sample.json"), """{"id":"sample","kind":"replay","file":"control/captures/sample.pcap"}""", Cancel);
        await using var process = CirtProcess.Start(["sensor", "--folder", sensor.Path]);
        for (var tries = 0; await world.AskAsync<long>("select count(*) from sensing.sensor_answers where message = 'job done'") == 0; tries++)
        {
            Assert.True(tries < 100, process.Output);
            await Task.Delay(200, Cancel);
            await world.ReadAsync();
        }
        Assert.Equal(0, await world.AskAsync<long>("select coalesce(sum(rules_failed), 0) from sensing.sensor_generations"));
    }
}
