using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Alarms;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Several sensors of both kinds: what they lost and why, their silence, and what can be told to them.</summary>
public sealed class SensorPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_sensor_of_either_kind_says_what_it_lost_at_which_stage()
    {
        await using var three = await ThreeAsync();
        var (world, north, south) = (three.World, three.North, three.South);
        var now = DateTimeOffset.UtcNow;
        north.Put("alerts", Beat(now, 12_000, kernel: 120, segments: 11, generation: 5));
        south.Put("alerts", Beat(now, 0, kernel: 0, generation: 5));
        await File.WriteAllLinesAsync(Path.Combine(three.Stock, "eve.json"), [Stock(now, 940_000, 60_000, uptime: 100)], Cancel);
        await world.ReadAsync();

        var rows = (await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value.ToDictionary(r => r.Name);
        Assert.Equal(["running", "running", "running"], rows.Values.Select(r => r.State));
        Assert.Equal(0, rows["south"].RecentPackets);
        Assert.Null(rows["south"].LossPercent);

        // Where it was lost, each packet once: the ring's losses are the kernel's.
        var page = (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(rows["north"].Id), Cancel)).Value;
        Assert.Equal([("kernel", 120L), ("memcap-segments", 11L)], page.Sensor.Heartbeat.Drops.Where(d => d.Count > 0).Select(d => (d.Stage, d.Count)));
        var stock = (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(rows["stock"].Id), Cancel)).Value;
        Assert.Equal(60_000, Assert.Single(stock.Sensor.Heartbeat.Drops, d => d.Count > 0).Count);
        Assert.Empty(stock.Generations);
        foreach (var language in new[] { "en", "fr", "es", "ar", "zh", "ru" })
        {
            using var words = JsonDocument.Parse(await File.ReadAllTextAsync(Checkout.At("modules", "Sensing", "Pages", "Text", $"{language}.json"), Cancel));
            Assert.All(page.Sensor.Heartbeat.Drops, d => Assert.True(words.RootElement.TryGetProperty($"sensing.drop.{d.Stage}", out _) && words.RootElement.TryGetProperty($"sensing.drop.{d.Stage}.fix", out _), $"{language}: {d.Stage}"));
        }
        Assert.Equal("sensing.refused.no-sensor", (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(99), Cancel)).Refusals[0].Key);
    }

    [Fact]
    public async Task Each_sensor_has_its_trend_its_losses_by_stage_and_its_silences()
    {
        await using var three = await ThreeAsync();
        var (world, north, south) = (three.World, three.North, three.South);
        var now = DateTimeOffset.UtcNow;
        // An hour of reports, then half an hour of nothing, then reports; the process began anew in between.
        north.Put("alerts", Enumerable.Range(0, 12).Select(i => Beat(now.AddMinutes(-120 + (i * 5)), 1000 * (i + 1), kernel: 10 * i, segments: i, generation: 4)));
        north.Put("alerts", Enumerable.Range(0, 12).Select(i => Beat(now.AddMinutes(-30 + (i * 2.5)), 500 * (i + 1), kernel: i == 11 ? 7 : 0, generation: 5)));
        south.Put("alerts", Beat(now, 0, kernel: 0, generation: 5));
        await File.WriteAllLinesAsync(
            Path.Combine(three.Stock, "eve.json"),
            [Stock(now.AddMinutes(-21), 5_000_000, 0, uptime: 90_000), Stock(now.AddMinutes(-11), 5_600_000, 0, 90_600), Stock(now.AddMinutes(-1), 6_200_000, 60_000, 91_200)],
            Cancel);
        await world.ReadAsync();
        await SetAsync(world, "update sensing.sensors set first_seen_at = now() - interval '3 hours'");

        var rows = (await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value.ToDictionary(r => r.Name);
        Assert.Equal(["running", "running", "running"], rows.Values.Select(r => r.State));
        Assert.InRange(rows["stock"].LossPercent!.Value, 3, 10);
        Assert.InRange(rows["stock"].Rate!.Value, 400, 2500);
        Assert.Equal(0, rows["south"].RecentPackets);

        var page = (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(rows["north"].Id), Cancel)).Value;
        Assert.Equal(144, page.Spans.Count);
        Assert.Equal(12_000 + 6_000, page.Spans.Sum(s => s.Packets));
        Assert.Equal(24, page.Spans.Sum(s => s.Heartbeats));
        Assert.Equal((117L, 7L), page.Losses.Single(l => l.Stage == "kernel") is var kernel ? (kernel.Day, kernel.Start) : default);
        Assert.Equal(11, page.Losses.Single(l => l.Stage == "memcap-segments").Day);
        Assert.Equal(0, page.Losses.Single(l => l.Stage == "memcap-flow").Day);
        // Before the first report it was not there to be heard; the half-hour is named.
        var gap = Assert.Single(page.Silences, s => s.From > now.AddMinutes(-80));
        Assert.InRange((gap.To!.Value - gap.From).TotalMinutes, 20, 40);
        Assert.All(page.Spans.Where(s => s.Heartbeats > 0), s => Assert.False(s.IsSilent));

        // What ran for a day before it was first heard of had not all its packets in these ten minutes.
        var stock = (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(rows["stock"].Id), Cancel)).Value;
        Assert.Equal(1_200_000, stock.Spans.Sum(s => s.Packets));
        Assert.Equal(60_000, stock.Losses.Single(l => l.Stage == "kernel").Day);
        Assert.Empty(stock.Generations);
        Assert.Equal("sensing.refused.no-sensor", (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(99), Cancel)).Refusals[0].Key);

        // Read again after a restart of the host nothing is counted twice.
        await world.RestartAsync();
        await world.ReadAsync();
        Assert.Equal(18_000L, await world.AskAsync<long>("select sum(packets)::bigint from sensing.sensor_spans p join sensing.sensors s on s.id = p.sensor_id where s.name = 'north'"));
    }

    [Fact]
    public async Task A_sensor_obeys_an_order_to_restart_once_and_others_are_refused_with_words()
    {
        await using var three = await ThreeAsync();
        var world = three.World;
        await File.WriteAllLinesAsync(Path.Combine(three.Stock, "eve.json"), [Stock(DateTimeOffset.UtcNow, 1, 0, 5)], Cancel);
        await using var first = CirtProcess.Start(["sensor", "--folder", three.North.Folder]);
        await first.LineAsync(static line => line.StartsWith("Engine started", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        await UntilAsync(world, "select count(*) from sensing.sensors where started_at is not null");
        var ids = (await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value.ToDictionary(r => r.Name, r => r.Id);
        var restart = world.Get<RestartSensor>();
        Assert.Equal("sensing.refused.restart-stock", (await restart.RunAsync(world.Analyst, new(ids["stock"]), Cancel)).Refusals[0].Key);
        Assert.Equal("sensing.refused.restart-not-running", (await restart.RunAsync(world.Analyst, new(ids["south"]), Cancel)).Refusals[0].Key);
        Assert.Equal("sensing.refused.generation-stock", (await world.Get<SendGeneration>().RunAsync(world.Analyst, new(ids["stock"]), Cancel)).Refusals[0].Key);
        Assert.Equal(RefusalKind.Forbidden, (await restart.RunAsync(world.Modules.Person("olga", Role.Operator), new(ids["north"]), Cancel)).Refusals[0].Kind);

        var orders = world.Get<SensorOrders>();
        Assert.True((await restart.RunAsync(world.Analyst, new(ids["north"]), Cancel)).Succeeded);
        Assert.Equal("sensing.refused.restart-asked", (await restart.RunAsync(world.Analyst, new(ids["north"]), Cancel)).Refusals[0].Key);
        await orders.LookAsync(Cancel);
        // The code by which a supervisor knows that it is to be started again.
        Assert.Equal(86, await first.EndAsync(TimeSpan.FromSeconds(30)));

        // Started again while the order still lies there, it does not obey a second time.
        await using var second = CirtProcess.Start(["sensor", "--folder", three.North.Folder]);
        await second.LineAsync(static line => line.StartsWith("Engine started", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        await UntilAsync(world, "select count(*) from sensing.sensor_answers where message = 'sensor restarting'");
        await UntilAsync(world, "select count(*) - 1 from sensing.sensor_answers where message = 'sensor started'");
        Assert.Equal("running", (await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value.Single(r => r.Name == "north").State);
        Assert.True(File.Exists(Path.Combine(three.North.Folder, "control", "restart.json")));
        await orders.LookAsync(Cancel);
        Assert.False(File.Exists(Path.Combine(three.North.Folder, "control", "restart.json")));
        Assert.Equal(0, await second.StopAsync());

        // One that does not answer is not waited for for ever.
        await SetAsync(world, "update sensing.settings set value = jsonb_build_object('id', gen_random_uuid(), 'asked_at', now(), 'by_name', 'ana') where key like 'restart:%'");
        await orders.LookAsync(Cancel);
        Assert.True(File.Exists(Path.Combine(three.North.Folder, "control", "restart.json")));
        await SetAsync(world, "update sensing.settings set value = value || jsonb_build_object('asked_at', now() - interval '3 minutes') where key like 'restart:%'");
        await orders.LookAsync(Cancel);
        Assert.False(File.Exists(Path.Combine(three.North.Folder, "control", "restart.json")));
        Assert.Equal("unanswered", (await world.Get<ShowSensor>().RunAsync(world.Analyst, new(ids["north"]), Cancel)).Value.Order!.State);
    }

    [Fact]
    public async Task A_silent_sensor_is_told_once_to_who_looks_after_it_and_stands_above_every_page()
    {
        await using var three = await ThreeAsync();
        var world = three.World;
        await using var owner = NpgsqlDataSource.Create(world.Modules.Owner);
        var keeper = await PersonAsync(world, owner, "keeper", Role.Administrator);
        var operatorOnDuty = await PersonAsync(world, owner, "olga", Role.Operator);
        three.North.Put("alerts", Beat(DateTimeOffset.UtcNow, 10, 0, generation: 1));
        three.South.Put("alerts", Beat(DateTimeOffset.UtcNow, 10, 0, generation: 1));
        await world.ReadAsync();
        var (watch, board) = (world.Get<SilenceWatch>(), world.Get<AlarmBoard>());
        await watch.LookAsync(Cancel);
        Assert.Empty(board.Current);

        await SetAsync(world, "update sensing.sensors set heartbeat_at = now() - interval '2 minutes', started_at = null where name = 'south'");
        await watch.LookAsync(Cancel);
        await watch.LookAsync(Cancel);
        var alarm = Assert.Single(board.Current);
        Assert.Equal(("sensing.alarm.silent", "south"), (alarm.Id, (string)alarm.Arguments[0]));
        var told = Assert.Single((await world.Get<INotices>().ListAsync(keeper, unread: true, null, 10, Cancel)).Items);
        Assert.Equal(("sensing.notice.silent", 1), (told.Key, told.Times));
        Assert.Empty((await world.Get<INotices>().ListAsync(operatorOnDuty, unread: true, null, 10, Cancel)).Items);
        var south = (await world.Get<ListSensors>().RunAsync(world.Analyst, new(), Cancel)).Value.Single(r => r.Name == "south");
        Assert.Equal(("silent", $"/sense/sensors/{south.Id}"), (south.State, told.Link));

        // It reports, and falls silent another time: told again.
        three.South.Put("alerts", Beat(DateTimeOffset.UtcNow, 20, 0, generation: 1));
        await world.ReadAsync();
        await watch.LookAsync(Cancel);
        Assert.Empty(board.Current);
        await SetAsync(world, "update sensing.sensors set heartbeat_at = now() - interval '2 minutes' where name = 'south'");
        await watch.LookAsync(Cancel);
        Assert.Equal(2, Assert.Single((await world.Get<INotices>().ListAsync(keeper, unread: true, null, 10, Cancel)).Items).Times);
    }

    private static string Beat(DateTimeOffset at, long packets, long kernel, long segments = 0, int generation = 1) => JsonSerializer.Serialize(new
    {
        timestamp = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture),
        event_type = "stats",
        stats = new
        {
            uptime = 5,
            capture = new { kernel_packets = packets, kernel_drops = kernel },
            decoder = new { pkts = packets, bytes = packets * 100, invalid = 0 },
            flow = new { memcap = 0 },
            tcp = new { ssn_memcap_drop = 0, segment_memcap_drop = segments },
            sensor = new { generation, interfaces = Array.Empty<object>(), jobs_waiting = 0, drops = new { ring = kernel, decode = 0, memcap = segments, packets = 0, fault = 0, spool = 0 } },
        },
    });

    private static string Stock(DateTimeOffset at, long packets, long kernel, long uptime) => JsonSerializer.Serialize(new
    {
        timestamp = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", CultureInfo.InvariantCulture),
        event_type = "stats",
        stats = new { uptime, capture = new { kernel_packets = packets, kernel_drops = kernel }, decoder = new { pkts = packets, bytes = packets * 100, invalid = 0 } },
    });

    private static async Task<Three> ThreeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cirt-three-").FullName;
        var (north, south, stock) = (new SensorSpool(Path.Combine(folder, "north")), new SensorSpool(Path.Combine(folder, "south")), Directory.CreateDirectory(Path.Combine(folder, "stock")).FullName);
        var world = await SensingWorld.StartAsync(new Dictionary<string, string?>
        {
            ["sensing:folders:0:name"] = "north",
            ["sensing:folders:0:path"] = north.Folder,
            ["sensing:folders:1:name"] = "south",
            ["sensing:folders:1:path"] = south.Folder,
            ["sensing:folders:2:name"] = "stock",
            ["sensing:folders:2:path"] = stock,
            ["sensing:folders:2:kind"] = "suricata",
        });
        return new(world, north, south, stock, folder);
    }

    private static async Task UntilAsync(SensingWorld world, string sql)
    {
        for (var tries = 0; tries < 150; tries++)
        {
            await world.ReadAsync();
            if (await world.AskAsync<long>(sql) > 0)
                return;
            await Task.Delay(200, Cancel);
        }
        Assert.Fail(sql);
    }

    private static async Task<Viewer> PersonAsync(SensingWorld world, NpgsqlDataSource owner, string name, Role role)
    {
        var viewer = world.Modules.Person(name, role);
        await using var command = owner.CreateCommand(
            $"""
            insert into identity.users (id, name, normal_name, display_name, security_stamp, state, created_at) values ('{viewer.Id.Value}', '{name}', upper('{name}'), '{name}', 'x', 'active', now());
            insert into identity.user_roles (user_id, role) values ('{viewer.Id.Value}', '{role.ToString()!.ToLowerInvariant()}')
            """);
        await command.ExecuteNonQueryAsync(Cancel);
        return viewer;
    }

    private static Task SetAsync(SensingWorld world, string sql) => world.Modules.Database.ExecuteAsync(sql, null, Cancel);

    /// <summary>Two sensors of ours and a stock Suricata.</summary>
    private sealed record Three(SensingWorld World, SensorSpool North, SensorSpool South, string Stock, string Folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await World.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
