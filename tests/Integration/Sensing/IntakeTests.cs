using System.Text;
using Appliance.Sensing.Intake;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Sensing;

public sealed class IntakeTests
{
    [Fact]
    public async Task Lines_become_rows_groups_and_roll_ups_and_the_bookmark_is_mirrored()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(1), SensorSpool.Alert(2, severity: 1));
        world.Spool.Put("events", Enumerable.Range(0, 12_000).Select(i => SensorSpool.Dns(i)));
        world.Spool.Put("events", SensorSpool.Dns(1));
        await world.ReadAsync();

        Assert.Equal(12_001, await world.AskAsync<long>("select count(*) from sensing.events"));
        Assert.Equal(3, await world.AskAsync<long>("select count(*) from sensing.alerts"));
        Assert.Equal(12_004, await world.AskAsync<long>("select sum(records)::bigint from sensing.hourly"));
        Assert.Equal(2, await world.AskAsync<long>("select count(*) from sensing.alert_groups"));
        Assert.Equal("National Bank", await world.AskAsync<string>("select dst_constituent_name from sensing.alert_groups where sid = 1"));
        Assert.Equal(2, await world.AskAsync<long>("select alerts from sensing.group_hours h join sensing.alert_groups g on g.id = h.group_id where g.sid = 1"));
        Assert.Equal("severity-1 new-signature constituent", await world.AskAsync<string>("select array_to_string(reasons, ' ') from sensing.alert_groups where sid = 2"));
        Assert.Equal(80, await world.AskAsync<int>("select score::int from sensing.alert_groups where sid = 2"));
        Assert.Equal("""{"alerts":1,"events":2}""", await File.ReadAllTextAsync(Path.Combine(world.Spool.Folder, "spool", "read"), TestContext.Current.CancellationToken));
        Assert.Equal("10.1.1.1", await world.AskAsync<string>("select host(address) from sensing.assets where constituent is null"));
    }

    [Fact]
    public async Task Alerts_of_one_kind_join_one_group_and_a_restart_reads_nothing_twice()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1));
        await world.ReadAsync();
        await world.RestartAsync();
        world.Spool.Put("alerts", SensorSpool.Alert(1), SensorSpool.Alert(1, source: "10.1.1.2"));
        await world.ReadAsync();
        Assert.Equal(3, await world.AskAsync<long>("select count(*) from sensing.alerts"));
        Assert.Equal("1 2", await world.AskAsync<string>("select string_agg(count::text, ' ' order by count) from sensing.alert_groups"));
        Assert.Equal(3, await world.AskAsync<long>("select alerts from sensing.signatures"));
    }

    [Fact]
    public async Task Nothing_is_dropped_with_its_batch()
    {
        await using var world = await SensingWorld.StartAsync();
        byte[] badUtf8 = [.. Encoding.UTF8.GetBytes("""{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"http","http":{"hostname":"a"""), 0xFF, .. "b\"}}\n"u8];
        world.Spool.Put("events",
        [
            .. Line(SensorSpool.Dns(1)),
            .. Line(SensorSpool.Dns(2, "nul\\u0000inside.example")),
            .. Line("   "),
            .. Line("not json at all"),
            .. badUtf8,
            .. Line("""{"timestamp":"x","event_type":"flow","number":1e999999}"""),
            .. Line($$"""{"event_type":"big","x":"{{new string('x', 2 << 20)}}"}"""),
            .. Line(SensorSpool.Dns(3, "lone\\ud800.example")),
            .. Line(SensorSpool.Dns(4)),
            .. Encoding.UTF8.GetBytes("{\"event_type\":\"half\",\"a\""),
        ]);
        world.Spool.Put("alerts", SensorSpool.Alert(7, extra: ",\"payload_printable\":\"GET /\\u0000\""));
        await world.ReadAsync();

        Assert.Equal("big dns dns dns dns http", await world.AskAsync<string>("select string_agg(type, ' ' order by type) from sensing.events"));
        Assert.Equal("nul\ufffdinside.example", await world.AskAsync<string>("select name from sensing.events where name like 'nul%'"));
        Assert.Equal(1, await world.AskAsync<long>("select count(*) from sensing.alerts"));
        var reasons = await world.Modules.Database.QueryAsync<string>("select reason from sensing.rejects where stream = 'events' order by at_byte", null, CancellationToken.None);
        Assert.Equal(["mended", "not-json", "mended", "refused", "huge", "mended", "half-line"], reasons);
        Assert.Equal(2 * 1024 * 1024 + 29, await world.AskAsync<long>("select length from sensing.rejects where reason = 'huge'"), 20d);
        Assert.Equal(0, await world.AskAsync<long>("select lines - records - rejected - blank from sensing.bookmarks where stream = 'events'"));
        Assert.Equal(10, await world.AskAsync<long>("select lines from sensing.bookmarks where stream = 'events'"));
        Assert.Contains("\\u0000", await world.AskAsync<string>("select convert_from(line, 'UTF8') from sensing.rejects where stream = 'alerts'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_numbers_are_stepped_over_and_a_replaced_folder_is_read_anew()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("events", SensorSpool.Dns(1));
        world.Spool.Put("events", SensorSpool.Dns(2));
        world.Spool.Put("events", SensorSpool.Dns(3));
        File.Delete(Path.Combine(world.Spool.Folder, "spool", "events-0000000002.json"));
        await world.ReadAsync();
        Assert.Equal(2, await world.AskAsync<long>("select count(*) from sensing.events"));

        Directory.Delete(Path.Combine(world.Spool.Folder, "spool"), recursive: true);
        var another = new SensorSpool(world.Spool.Folder);
        another.Put("events", SensorSpool.Dns(4));
        File.SetLastWriteTimeUtc(Path.Combine(world.Spool.Folder, "spool", "events-0000000001.json"), TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(10));
        await world.ReadAsync();
        Assert.Equal(3, await world.AskAsync<long>("select count(*) from sensing.events"));
    }

    [Fact]
    public async Task Sensor_answers_are_kept_as_state()
    {
        await using var world = await SensingWorld.StartAsync();
        world.Spool.Put("alerts",
            SensorSpool.Engine("""{"message":"sensor started","version":"0.1.0","matcher":"hyperscan","capabilities":{"net_raw":false}}"""),
            SensorSpool.Engine("""{"message":"generation loaded","generation":4,"rules_loaded":10,"rules_failed":1,"errors":[{"file":"x.rules","line":3,"sid":5,"keyword":"foo","reason":"unknown"}],"seconds":0.5}"""),
            """{"timestamp":"2026-11-20T10:00:00.000000+0000","event_type":"stats","stats":{"uptime":3,"decoder":{"pkts":42}}}""");
        await world.ReadAsync();
        var sensor = Assert.Single((await world.Get<Appliance.Sensing.Sensors.ListSensors>().RunAsync(world.Analyst, new(), CancellationToken.None)).Value);
        Assert.Equal(("running", "0.1.0", false, 4, 10, 1, 42L), (sensor.State, sensor.Version, sensor.CanCapture, sensor.Generation, sensor.RulesLoaded, sensor.RulesFailed, sensor.Heartbeat.Packets));
    }

    [Fact]
    public async Task Hours_come_and_go_through_their_two_functions_only()
    {
        await using var world = await SensingWorld.StartAsync();
        var database = world.Modules.Database;
        await world.AskAsync<string>("select sensing.add_hour(now() - interval '5 hours')");
        await world.AskAsync<string>("select sensing.add_hour(now())");
        await database.ExecuteAsync("insert into sensing.events (id, received_at, seen_at, sensor_id, type, raw) values (1, now() - interval '5 hours', now(), 1, 'x', '{}')", null, CancellationToken.None);
        await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("create table sensing.mine (id int)", null, CancellationToken.None));
        await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("drop table sensing.alerts", null, CancellationToken.None));
        foreach (var wrong in new[] { "alerts", "events_2026112118; drop table sensing.alerts", "events_20261121", "rejects" })
            Assert.Equal("22023", (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("select sensing.drop_hour(@wrong)", new { wrong }, CancellationToken.None))).SqlState);
        Assert.Equal("22023", (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("select sensing.add_hour(now() + interval '40 days')", null, CancellationToken.None))).SqlState);
        Assert.Equal(1, await world.Get<Hours>().TrimAsync(0, CancellationToken.None));
        Assert.Equal(0, await world.AskAsync<long>("select count(*) from sensing.events"));
    }

    private static byte[] Line(string text) => Encoding.UTF8.GetBytes(text + "\n");
}
