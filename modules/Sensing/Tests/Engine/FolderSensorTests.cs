using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Tests.Engine.Forge;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class FolderSensorTests
{
    private static List<JsonElement> Read(string folder, string stream) =>
        Directory.EnumerateFiles(Path.Combine(folder, "spool"), stream + "-*.json").Order(StringComparer.Ordinal).SelectMany(File.ReadLines).Select(l => JsonDocument.Parse(l).RootElement).ToList();

    private static async Task<JsonElement> Answer(string folder, string message)
    {
        for (int i = 0; i < 200; i++)
        {
            if (Directory.Exists(Path.Combine(folder, "spool")))
                foreach (JsonElement r in Read(folder, "alerts"))
                    if (r.GetProperty("event_type").GetString() == "engine" && r.GetProperty("engine").GetProperty("message").GetString() == message) return r.GetProperty("engine");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("no answer: " + message);
    }

    private static void PutGeneration(string folder, int number, string settings, string rules)
    {
        string making = Path.Combine(folder, "making" + number);
        Directory.CreateDirectory(Path.Combine(making, "rules"));
        File.WriteAllText(Path.Combine(making, "settings.json"), settings);
        File.WriteAllText(Path.Combine(making, "rules", "local.rules"), rules);
        Directory.CreateDirectory(Path.Combine(folder, "control", "jobs"));
        Directory.Move(making, Path.Combine(folder, "control", $"generation-{number:D6}"));
    }

    [Fact]
    public async Task A_generation_is_loaded_a_capture_replayed_and_a_bad_generation_refused()
    {
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        PutGeneration(folder.Path, 1, "{\"home_networks\":[\"192.0.2.0/24\"],\"stats_interval_seconds\":1}", "alert udp any any -> $HOME_NET any (msg:\"k\"; content:\"knock\"; sid:5;)\nalert nonsense\n");
        var log = new StringWriter();
        Task<int> running = SensorProgram.RunAsync(["--folder", folder.Path], log, log, stop.Token);
        JsonElement loaded = await Answer(folder.Path, "generation loaded");
        Assert.Equal((1, 1, 1), (loaded.GetProperty("generation").GetInt32(), loaded.GetProperty("rules_loaded").GetInt32(), loaded.GetProperty("rules_failed").GetInt32()));
        Assert.Equal(2, loaded.GetProperty("errors")[0].GetProperty("line").GetInt32());

        File.WriteAllBytes(Path.Combine(folder.Path, "in.pcap"), new PacketForge().Udp("203.0.113.5", 100, "192.0.2.1", 9999, "knock"u8).ToArray()[..^2]);
        File.WriteAllText(Path.Combine(folder.Path, "job"), "{\"id\":\"job-1\",\"kind\":\"replay\",\"file\":\"in.pcap\"}");
        File.Move(Path.Combine(folder.Path, "job"), Path.Combine(folder.Path, "control", "jobs", "a.json"));
        JsonElement done = await Answer(folder.Path, "job done");
        Assert.True(done.GetProperty("truncated").GetBoolean());
        Assert.Equal(0, done.GetProperty("packets").GetInt32());

        PutGeneration(folder.Path, 2, "{\"budgets_mib\":{\"spool\":-1}}", "");
        JsonElement refused = await Answer(folder.Path, "generation refused");
        Assert.Contains("budgets_mib.spool", refused.GetProperty("reason").GetString(), StringComparison.Ordinal);

        File.WriteAllBytes(Path.Combine(folder.Path, "ok.pcap"), new PacketForge().Udp("203.0.113.5", 100, "192.0.2.1", 9999, "knock"u8).ToArray());
        File.WriteAllText(Path.Combine(folder.Path, "job"), "{\"id\":\"job-2\",\"kind\":\"replay\",\"file\":\"ok.pcap\"}");
        File.Move(Path.Combine(folder.Path, "job"), Path.Combine(folder.Path, "control", "jobs", "b.json"));
        for (int i = 0; i < 100 && !Read(folder.Path, "alerts").Exists(r => r.GetProperty("event_type").GetString() == "alert"); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        JsonElement alert = Read(folder.Path, "alerts").Single(r => r.GetProperty("event_type").GetString() == "alert");
        Assert.Equal("job-2", alert.GetProperty("replay").GetString());
        Assert.True(alert.TryGetProperty("community_id", out _));
        Assert.Contains(Read(folder.Path, "alerts"), r => r.GetProperty("event_type").GetString() == "stats");
        await stop.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder.Path, "spool"), "*.open"));
        Assert.Equal("sensor stopped", Read(folder.Path, "alerts")[^1].GetProperty("engine").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Above_the_spools_budget_the_oldest_events_go_first_are_counted_and_alerts_stay()
    {
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        string spool = Directory.CreateDirectory(Path.Combine(folder.Path, "spool")).FullName;
        string line = "{\"event_type\":\"dns\",\"pad\":\"" + new string('x', 1000) + "\"}\n";
        for (int i = 1; i <= 6; i++) File.WriteAllText(Path.Combine(spool, $"events-{i:D10}.json"), string.Concat(Enumerable.Repeat(line, 300)));
        File.WriteAllText(Path.Combine(spool, "alerts-0000000001.json"), string.Concat(Enumerable.Repeat(line, 300)));
        PutGeneration(folder.Path, 1, "{\"budgets_mib\":{\"spool\":1},\"stats_interval_seconds\":1}", "");
        Task<int> running = SensorProgram.RunAsync(["--folder", folder.Path], TextWriter.Null, TextWriter.Null, stop.Token);
        JsonElement told = default;
        for (int i = 0; i < 200 && told.ValueKind == JsonValueKind.Undefined; i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            foreach (JsonElement r in Read(folder.Path, "alerts").Where(r => r.GetProperty("event_type").GetString() == "stats"))
                if (r.GetProperty("stats").GetProperty("spool").GetProperty("events_lost").GetInt64() > 0) told = r.GetProperty("stats").GetProperty("spool");
        }
        // Seven files of 0.3 MB, one megabyte allowed: the four oldest of the events.
        Assert.Equal((4, 0), (told.GetProperty("events_lost").GetInt32(), told.GetProperty("alerts_lost").GetInt32()));
        Assert.Equal(["events-0000000005.json", "events-0000000006.json"], Directory.EnumerateFiles(spool, "events-*.json").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).Take(2));
        Assert.True(File.Exists(Path.Combine(spool, "alerts-0000000001.json")));
        await stop.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_segment_left_open_by_a_crash_is_cut_after_its_last_line_and_closed()
    {
        using var folder = new TemporaryFolder();
        string spool = Path.Combine(folder.Path, "spool"), state = Path.Combine(folder.Path, "state");
        Directory.CreateDirectory(spool);
        File.WriteAllText(Path.Combine(spool, "alerts-0000000007.open"), "{\"a\":1}\n{\"b\":");
        File.WriteAllText(Path.Combine(spool, "events-0000000003.open"), "{\"half");
        using (var sink = new SpoolSink(spool, state))
        {
            Assert.Equal("{\"a\":1}\n", File.ReadAllText(Path.Combine(spool, "alerts-0000000007.json")));
            Assert.False(File.Exists(Path.Combine(spool, "events-0000000003.open")));
            sink.Write(EveStream.Alerts, "{}\n"u8);
            sink.Write(EveStream.Events, "{}\n"u8);
        }
        Assert.True(File.Exists(Path.Combine(spool, "alerts-0000000008.json")));
        Assert.True(File.Exists(Path.Combine(spool, "events-0000000004.json")));
        foreach (string file in Directory.EnumerateFiles(spool)) File.Delete(file);
        using (var again = new SpoolSink(spool, state)) again.Write(EveStream.Alerts, "{}\n"u8);
        Assert.True(File.Exists(Path.Combine(spool, "alerts-0000000009.json")));
    }

    [Fact]
    public void A_segment_closes_by_itself_soon()
    {
        using var folder = new TemporaryFolder();
        string spool = Path.Combine(folder.Path, "spool");
        using var sink = new SpoolSink(spool, Path.Combine(folder.Path, "state"));
        sink.Write(EveStream.Alerts, "{}\n"u8);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(spool, "alerts-0000000001.json")), 3000));
    }

    [Theory]
    [InlineData("{\"community_id\":5}", "community_id")]
    [InlineData("{\"interfaces\":[{}]}", "interfaces")]
    [InlineData("{\"home_networks\":[7]}", "home_networks")]
    [InlineData("{\"stats_interval_seconds\":\"x\"}", "stats_interval_seconds")]
    [InlineData("{\"home_networks\":[\"\\ud800\"]}", "home_networks")]
    [InlineData("[]", "object")]
    [InlineData("{", "")]
    public async Task Settings_of_a_wrong_kind_refuse_the_generation_and_the_sensor_goes_on(string settings, string named)
    {
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        PutGeneration(folder.Path, 1, settings, "");
        Task<int> running = SensorProgram.RunAsync(["--folder", folder.Path], TextWriter.Null, TextWriter.Null, stop.Token);
        Assert.Contains(named, (await Answer(folder.Path, "generation refused")).GetProperty("reason").GetString(), StringComparison.Ordinal);
        PutGeneration(folder.Path, 2, "{}", "");
        Assert.Equal(2, (await Answer(folder.Path, "generation loaded")).GetProperty("generation").GetInt32());
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Theory]
    [InlineData("{\"id\":\"x\",\"kind\":\"extract\",\"from\":\"yesterday\"}", "from")]
    [InlineData("{\"id\":\"x\",\"kind\":\"extract\",\"from\":\"2026-01-01T00:00:00Z\"}", "community_id")]
    [InlineData("{\"id\":\"x\",\"kind\":\"extract\",\"from\":\"2026-01-01T00:00:00Z\",\"src_ip\":\"1.2.3.4\",\"dest_ip\":\"1.2.3.5\",\"src_port\":70000}", "src_port")]
    [InlineData("{\"id\":7,\"kind\":\"replay\"}", "id")]
    [InlineData("{\"id\":\"../x\",\"kind\":\"replay\",\"file\":\"a\"}", "id")]
    [InlineData("{\"id\":\"\\ud800\",\"kind\":\"replay\"}", "read")]
    [InlineData("[1", "read")]
    public async Task A_job_that_is_none_is_answered_with_its_fault(string job, string named)
    {
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        PutGeneration(folder.Path, 1, "{}", "");
        File.WriteAllText(Path.Combine(folder.Path, "control", "jobs", "j.json"), job);
        Task<int> running = SensorProgram.RunAsync(["--folder", folder.Path], TextWriter.Null, TextWriter.Null, stop.Token);
        Assert.Contains(named, (await Answer(folder.Path, "job failed")).GetProperty("reason").GetString(), StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }
}
