using System.Buffers.Binary;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Keeping;
using Appliance.Sensing.Packets;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Packets behind an alert, or why there are none; what is kept and for how long there is room.</summary>
public sealed class PacketsAndKeepingTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Packets_are_asked_for_found_shown_and_gone_again()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1, extra: ",\"flow\":{\"start\":\"2026-11-20T09:59:00.000000+0000\"}"));
        await world.ReadAsync();
        var alert = await world.AskAsync<long>("select id from sensing.alerts");
        var show = world.Get<ShowPackets>();
        Assert.Equal("none", (await show.RunAsync(world.Analyst, new(alert), None)).Value.State);
        var job = (await world.Get<AskPackets>().RunAsync(world.Analyst, new(alert), None)).Value;
        Assert.Equal("sensing.refused.packets-asked", (await world.Get<AskPackets>().RunAsync(world.Analyst, new(alert), None)).Refusals[0].Key);
        await world.Get<CaptureJobs>().LookAsync(None);
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        var path = Path.Combine(sensor.Control, "jobs", $"{job}.json");
        using (var document = JsonDocument.Parse(await File.ReadAllTextAsync(path, None)))
        {
            var root = document.RootElement;
            Assert.Equal(("extract", "10.1.1.1", 1025, "192.0.2.1", 80, "TCP"), (root.GetProperty("kind").GetString(), root.GetProperty("src_ip").GetString(), root.GetProperty("src_port").GetInt32(), root.GetProperty("dest_ip").GetString(), root.GetProperty("dest_port").GetInt32(), root.GetProperty("proto").GetString()));
            Assert.StartsWith("2026-11-20T09:57:00", root.GetProperty("from").GetString(), StringComparison.Ordinal);
        }

        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job started","job":"{{job}}","kind":"extract"}"""));
        await world.ReadAsync();
        Assert.Equal("running", (await show.RunAsync(world.Analyst, new(alert), None)).Value.State);
        var file = Path.Combine(sensor.Path, "packets", "extracted", $"{job}.pcap");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, Pcap(60, 300), None);
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job done","job":"{{job}}","kind":"extract","file":"../../etc/passwd","packets":60,"bytes":18984,"seconds":0.1,"first_packet":"2026-11-20T10:00:00.000000+0000","last_packet":"2026-11-20T10:00:01.000000+0000","truncated":true}"""));
        await world.ReadAsync();
        var view = (await show.RunAsync(world.Analyst, new(alert), None)).Value;
        Assert.Equal(("done", 60L, true, 50), (view.State, view.Extract!.Packets!.Value, view.Extract.Truncated!.Value, view.Packets.Count));
        Assert.Equal((300, 16), (view.Packets[0].Length, view.Packets[0].Rows.Count));
        await world.Get<CaptureJobs>().LookAsync(None);
        Assert.False(File.Exists(path));
        // Whatever the sensor says of the file, only the one that bears the job's id is ever opened.
        File.Delete(file);
        Assert.Equal("gone", (await show.RunAsync(world.Analyst, new(alert), None)).Value.State);
        Assert.True((await world.Get<AskPackets>().RunAsync(world.Analyst, new(alert), None)).Succeeded);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("folder-link")]
    [InlineData("pipe")]
    public async Task A_sensor_that_answers_with_somebody_elses_file_hands_out_nothing(string trick)
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        var alert = await world.AskAsync<long>("select id from sensing.alerts");
        var job = (await world.Get<AskPackets>().RunAsync(world.Analyst, new(alert), None)).Value;
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        var outside = Directory.CreateDirectory(Path.Combine(world.Root, "secrets")).FullName;
        var secret = Path.Combine(outside, $"{job}.pcap");
        await File.WriteAllBytesAsync(secret, Pcap(1, 40), None);
        var extracted = Path.Combine(sensor.Path, "packets", "extracted");
        Directory.CreateDirectory(Path.GetDirectoryName(extracted)!);
        if (trick == "folder-link")
        {
            Directory.CreateSymbolicLink(extracted, outside);
        }
        else
        {
            Directory.CreateDirectory(extracted);
            if (trick == "link")
                File.CreateSymbolicLink(Path.Combine(extracted, $"{job}.pcap"), secret);
            else
                Assert.Equal(0, await RunAsync("mkfifo", Path.Combine(extracted, $"{job}.pcap")));
        }
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job done","job":"{{job}}","kind":"extract","file":"../../../../etc/passwd","packets":1,"bytes":80,"truncated":false}"""));
        await world.ReadAsync();
        Assert.Equal("gone", (await world.Get<ShowPackets>().RunAsync(world.Analyst, new(alert), None)).Value.State);
        var sent = await PacketDownload.SendAsync(world.Analyst, world.Modules.Database, job, None);
        Assert.Equal("sensing.refused.packets-gone", Assert.IsType<Outcome<Done>>(sent).Refusals[0].Key);
    }

    [Theory]
    // A minute before, the beginning of time, the future, no time at all: two minutes before the flow, or before the alert where the flow's start cannot be.
    [InlineData("2026-11-20T09:59:00.000000+0000", "2026-11-20T09:57:00")]
    [InlineData("2026-11-13T10:00:01.000000+0000", "2026-11-13T09:58:01")]
    [InlineData("2026-11-13T09:59:59.000000+0000", "2026-11-20T09:58:00")]
    [InlineData("0001-01-01T00:00:00.000000+0000", "2026-11-20T09:58:00")]
    [InlineData("9999-12-31T23:59:59.000000+0000", "2026-11-20T09:58:00")]
    [InlineData("yesterday", "2026-11-20T09:58:00")]
    public async Task What_a_record_claims_of_its_flows_start_is_held_within_a_week(string start, string from)
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1, extra: $",\"flow\":{{\"start\":\"{start}\"}}"));
        await world.ReadAsync();
        await world.Get<AskPackets>().RunAsync(world.Analyst, new(await world.AskAsync<long>("select id from sensing.alerts")), None);
        Assert.Equal((from, "2026-11-20T10:05:00"), (await TimeAsync("from_at"), await TimeAsync("to_at")));

        Task<string> TimeAsync(string column) => world.AskAsync<string>($"select to_char({column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') from sensing.extracts");
    }

    [Fact]
    public async Task A_ring_that_begins_later_and_a_sensor_that_fails_are_told_apart()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(2), SensorSpool.Alert(3), SensorSpool.Alert(4, extra: $",\"replay\":\"{Guid.NewGuid()}\""));
        await world.ReadAsync();
        var ids = (await world.Modules.Database.QueryAsync<long>("select id from sensing.alerts order by sid", null, None)).ToArray();
        var ask = world.Get<AskPackets>();
        Guid[] jobs = [(await ask.RunAsync(world.Analyst, new(ids[0]), None)).Value, (await ask.RunAsync(world.Analyst, new(ids[1]), None)).Value, (await ask.RunAsync(world.Analyst, new(ids[2]), None)).Value];
        Assert.Equal("sensing.refused.packets-replay", (await ask.RunAsync(world.Analyst, new(ids[3]), None)).Refusals[0].Key);
        Assert.Equal(RefusalKind.Forbidden, (await ask.RunAsync(world.Modules.Person("aud", Role.Auditor), new(ids[0]), None)).Refusals[0].Kind);
        world.Spool.Put("alerts",
            SensorSpool.Engine($$"""{"message":"job done","job":"{{jobs[0]}}","kind":"extract","packets":0,"bytes":0,"ring_from":"2026-11-21T00:00:00.000000+0000","truncated":false}"""),
            SensorSpool.Engine($$"""{"message":"job done","job":"{{jobs[1]}}","kind":"extract","packets":0,"bytes":0,"ring_from":"2026-11-19T00:00:00.000000+0000","truncated":false}"""),
            SensorSpool.Engine($$"""{"message":"job failed","job":"{{jobs[2]}}","reason":"no room"}"""));
        await world.ReadAsync();
        var states = new List<string>();
        foreach (var id in ids)
            states.Add((await world.Get<ShowPackets>().RunAsync(world.Analyst, new(id), None)).Value.State);
        Assert.Equal(["older", "empty", "failed", "replay"], states);
    }

    [Fact]
    public async Task Where_no_ring_is_kept_the_page_says_so()
    {
        await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:packetsBudgetMib"] = "0" });
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        var alert = await world.AskAsync<long>("select id from sensing.alerts");
        Assert.Equal("off", (await world.Get<ShowPackets>().RunAsync(world.Analyst, new(alert), None)).Value.State);
        Assert.Equal("sensing.refused.packets-off", (await world.Get<AskPackets>().RunAsync(world.Analyst, new(alert), None)).Refusals[0].Key);
    }

    [Fact]
    public void A_cut_file_is_shown_as_far_as_it_goes()
    {
        var path = Path.GetTempFileName();
        try
        {
            var whole = Pcap(3, 40);
            foreach (var (length, wanted) in new[] { (whole.Length, 3), (whole.Length - 1, 2), (24 + 16 + 40 + 10, 1), (24, 0), (10, 0), (0, 0) })
            {
                File.WriteAllBytes(path, whole[..length]);
                Assert.Equal((length, wanted), (length, First(path)));
            }
            BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(24 + 8), uint.MaxValue);
            File.WriteAllBytes(path, whole);
            Assert.Equal(0, First(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_replay_that_waits_is_taken_back_and_one_that_runs_ends_as_a_part()
    {
        await using var world = await SensingWorld.StartAsync();
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(None));
        byte[] content = [0xD4, 0xC3, 0xB2, 0xA1, .. new byte[100]];
        var file = (await CaptureFile.StoreAsync(Path.Combine(sensor.Control, "captures"), "x.pcap", new MemoryStream(content), 1 << 20, None)).Value;
        var id = (await world.Get<TakeCapture>().RunAsync(world.Analyst, new(sensor, file), None)).Value;
        await world.Get<CaptureJobs>().LookAsync(None);
        Assert.True((await world.Get<CancelReplay>().RunAsync(world.Analyst, new(id), None)).Succeeded);
        await world.Get<CaptureJobs>().LookAsync(None);
        Assert.Empty(Directory.GetFiles(Path.Combine(sensor.Control, "jobs")));
        Assert.Equal("stored", Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value).State);
        var again = (await world.Get<ReplayCapture>().RunAsync(world.Analyst, new(id), None)).Value;
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job started","job":"{{again}}","file":"x","generation":1}"""));
        await world.ReadAsync();
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job progress","job":"{{again}}","packets":5,"bytes":50,"alerts":1,"percent":40}"""));
        await world.ReadAsync();
        // What runs ends where it is, without waiting for the sensor's word; that word then says how far it came.
        Assert.True((await world.Get<CancelReplay>().RunAsync(world.Analyst, new(id), None)).Succeeded);
        var part = Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value);
        Assert.Equal(("cancelled", 40d, 5L), (part.State, part.Percent, part.Packets));
        await world.Get<CaptureJobs>().LookAsync(None);
        Assert.Empty(Directory.GetFiles(Path.Combine(sensor.Control, "jobs")));
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job cancelled","job":"{{again}}","packets":7,"bytes":70,"alerts":2,"records":9,"percent":44,"truncated":false}"""));
        await world.ReadAsync();
        part = Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value);
        Assert.Equal(("cancelled", 44d, 7L, 2L, 9L), (part.State, part.Percent, part.Packets, part.Alerts, part.Records));
        Assert.Equal("sensing.refused.capture-ended", (await world.Get<CancelReplay>().RunAsync(world.Analyst, new(id), None)).Refusals[0].Key);

        // A sensor that was quicker than the order has replayed all of it, and one that died says nothing new.
        var third = (await world.Get<ReplayCapture>().RunAsync(world.Analyst, new(id), None)).Value;
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job started","job":"{{third}}","file":"x","generation":1}"""));
        await world.ReadAsync();
        Assert.True((await world.Get<CancelReplay>().RunAsync(world.Analyst, new(id), None)).Succeeded);
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job failed","job":"{{third}}","reason":"interrupted"}"""));
        await world.ReadAsync();
        Assert.Equal("cancelled", Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value).State);
        world.Spool.Put("alerts", SensorSpool.Engine($$"""{"message":"job done","job":"{{third}}","packets":20,"bytes":70,"alerts":2,"records":9,"truncated":false}"""));
        await world.ReadAsync();
        Assert.Equal(("done", 100d), (Assert.Single((await world.Get<ListCaptures>().RunAsync(world.Analyst, new(), None)).Value) is var whole ? (whole.State, whole.Percent) : default));
        Assert.True((await world.Get<DiscardCapture>().RunAsync(world.Analyst, new(id), None)).Succeeded);
    }

    [Fact]
    public async Task What_is_kept_is_told_with_its_time_its_size_and_its_oldest()
    {
        await using var world = await SensingWorld.StartAsync(new Dictionary<string, string?> { ["sensing:eventsBudgetMib"] = "100" });
        world.Spool.Put("events", Enumerable.Range(0, 2000).Select(i => SensorSpool.Dns(i)));
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        var view = (await world.Get<ShowKeeping>().RunAsync(world.Analyst, new(), None)).Value;
        Assert.Equal((365, 1), (view.Kinds.Single(k => k.Key == "alerts").Days!.Value, view.Kinds.Single(k => k.Key == "alerts").Tier));
        Assert.NotNull(view.Kinds.Single(k => k.Key == "alerts").Oldest);
        Assert.Null(view.Kinds.Single(k => k.Key == "names").Days);
        Assert.Equal(100L << 20, view.Hours.Budget);
        Assert.True(view.Hours.Bytes > 0);
        Assert.NotNull(view.Hours.Oldest);
        Assert.NotEmpty(view.Disks);
    }

    [Theory]
    // Nothing comes: there is no end.
    [InlineData(1000, 0, 0, 0, 0, null)]
    // Tier 2 fills its budget of 100 and then gives as much as it takes.
    [InlineData(1000, 100, 0, 1, 0, null)]
    // The disk is full before the budget is.
    [InlineData(24, 100, 0, 1, 0, 1d)]
    // Both until the budget is full (100 in 100/24 days), then tier 1 alone.
    [InlineData(1000, 96, 0, 1, 10, 90.4)]
    // Tier 1 alone would take longer than its own time: then as much leaves as comes.
    [InlineData(100000, 0, 0, 0, 10, null)]
    public void Forecast_counts_each_tier_until_it_stops_growing(long room, long budget, long bytes, double bytesPerHour, double tierOne, double? days)
    {
        var forecast = ShowKeeping.Forecast(room, new(1, null, bytes, budget, bytesPerHour), tierOne, 365);
        Assert.Equal(days is null, forecast is null);
        if (days is { } wanted)
            Assert.Equal(wanted, forecast!.Value, 0.5);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        await using var process = CirtProcess.StartProgram(program, arguments);
        return await process.EndAsync(TimeSpan.FromSeconds(10));
    }

    private static int First(string path)
    {
        using var file = File.OpenRead(path);
        return PacketFile.First(file).Count;
    }

    private static byte[] Pcap(int packets, int length)
    {
        var file = new byte[24 + (packets * (16 + length))];
        BinaryPrimitives.WriteUInt32LittleEndian(file, 0xA1B2C3D4);
        for (var i = 0; i < packets; i++)
        {
            var at = file.AsSpan(24 + (i * (16 + length)));
            BinaryPrimitives.WriteUInt32LittleEndian(at, 1_700_000_000);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], (uint)i);
            BinaryPrimitives.WriteUInt32LittleEndian(at[8..], (uint)length);
            BinaryPrimitives.WriteUInt32LittleEndian(at[12..], (uint)length);
        }
        return file;
    }
}
